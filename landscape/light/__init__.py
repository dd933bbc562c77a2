"""Light over time: nine styles, paths between them, and what they do to pixels."""
