"""What every training loop needs: checkpoints, curves, processes, pretrained weights."""
