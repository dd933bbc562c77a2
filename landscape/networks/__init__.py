"""Neural networks as plain ``nn.Module`` classes; they know nothing of files, photos or training."""
