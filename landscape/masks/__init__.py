"""What moves in a photo: sky, water and horizon, found by a network and edited by hand."""
