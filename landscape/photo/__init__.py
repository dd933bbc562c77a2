"""A photo from its file: read as upright sRGB pixels, cut into the squares that the models see."""
