"""Where things go over time: homographies, the flow of sky and water, noise carried along, waves."""
