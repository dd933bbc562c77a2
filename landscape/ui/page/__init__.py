"""The page: panels, controls, events, endpoints."""
