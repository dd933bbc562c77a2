"""Moving pictures of a scene while someone watches and turns the controls."""
