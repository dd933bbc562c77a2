"""Full-size frames from the photo and the generator's small frames; nothing is found here."""
