"""What a visitor owns: session, photo, fit, exports, choices; and the turns that visitors take."""
