"""The app's server: start, network, routes, sockets."""
