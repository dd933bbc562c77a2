"""Files of strangers: what is no data is refused by a sentence, and nothing of it happens."""

import builtins
import functools
import io
import os
import pickle
import struct
import zipfile

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from landscape.errors import LandscapeError
from landscape.models.describe import describe_weights
from landscape.models.pickle_reader import Shell
from landscape.models.stored_tensors import StoredTensor
from landscape.models.torch_files import open_torch_file

MAGIC = 0x1950A86A20F9469CFC6C


class Call:
    """Pickles as a call."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


class Stateful(Call):
    """Pickles as a call whose result gets a state."""

    def __reduce__(self):
        return (*self.call, {"weight": 1})


def archive(path, data, compression=zipfile.ZIP_STORED, **members):
    """An archive as torch writes it, with a pickle of our own."""
    with zipfile.ZipFile(path, "w", compression) as file:
        file.writestr("archive/data.pkl", data)
        file.writestr("archive/version", "3\n")
        for name, content in members.items():
            file.writestr(f"archive/data/{name.removeprefix('k')}", content)
    return path


def row(path, data, keys=()):
    """The form before torch 1.6, with a pickle of our own."""
    system = {"protocol_version": 1001, "little_endian": True, "type_sizes": {}}
    parts = [pickle.dumps(item, 2) for item in (MAGIC, 1001, system)]
    path.write_bytes(b"".join([*parts, data, pickle.dumps(list(keys), 2)]))
    return path


def refused(path):
    with pytest.raises(LandscapeError) as found, open_torch_file(path) as content:
        for value in content.values() if isinstance(content, dict) else [content]:
            assert not isinstance(value, StoredTensor) or value.load() is not None
    sentence = str(found.value)
    assert sentence.endswith(("get the file from the release itself.", "get the file from the release again."))
    return sentence


@pytest.fixture
def mark(tmp_path):
    """A file that would be there if anything had been executed."""
    path = tmp_path / "executed"
    yield path
    assert not path.exists()


def attacks(mark):
    touch = f"touch {mark}"
    code = f"open({str(mark)!r}, 'w').close()"
    loader = io.BytesIO()
    torch.save(Call(os.system, touch), loader)
    return {
        "system": Call(os.system, touch),
        "eval": Call(eval, code),
        "exec": Call(exec, code),
        "open": Call(open, str(mark), "w"),
        "getattr": Call(getattr, Call(__import__, "os"), "system"),
        "partial": Call(functools.partial, os.system, touch),
        "partial_state": Stateful(functools.partial, os.system, touch),
        "torch_load": Call(torch.load, loader.getvalue()),
        "hub": Call(torch.hub.load, str(mark.parent), "x"),
        "numpy": np.arange(3),
        "numpy_scalar": np.float64(3),
        "numpy_load": Call(np.load, str(mark)),
        "class": {"a": builtins.object},
        "inside": {"g_running": {"a": [Call(os.system, touch)]}, "step": 6},
    }


NAMES = list(attacks(__import__("pathlib").Path("x")))


@pytest.mark.parametrize("form", [archive, row])
@pytest.mark.parametrize("name", NAMES)
def test_calls_are_refused_and_do_nothing(tmp_path, mark, name, form):
    for protocol in (2, 4):
        sentence = refused(form(tmp_path / "x.model", pickle.dumps(attacks(mark)[name], protocol)))
        assert "nothing of it was executed" in sentence


def test_the_attacks_would_have_worked(tmp_path):
    mark = tmp_path / "executed"
    pickle.loads(pickle.dumps(attacks(mark)["system"], 2))  # noqa: S301 (the test of the test)
    assert mark.exists()


@pytest.mark.parametrize(
    "steps",
    [
        b"cposix\nsystem\n(S'touch executed'\ntR.",  # protocol 0
        b"\x80\x02(S'touch executed'\nios\nsystem\n.",  # INST
        b"\x80\x02(cos\nsystem\nX\x01\x00\x00\x00ao.",  # OBJ
        b"\x80\x02cos.path\nos.system\n.",
        b"\x80\x04\x8c\x05posix\x8c\x06system\x93.",
        b"\x80\x02\x82\x01.",  # EXT1
        b"\x80\x02Pos.system\n.",  # PERSID
        b"\x80\x02ctorch.storage\n_load_from_bytes\nC\x01a\x85R.",
        b"\x80\x02ctorch.nn.modules.linear\nLinear.__init__\n.",
        b"\x80\x02cinference.encoders\nos.system\n.",
        b"\x80\x02cinference.encoders\n__builtins__.eval\n.",
        b"\x80\x02ccollections\nOrderedDict\n(X\x01\x00\x00\x00atb.",  # a state of a class
        b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n}X\x01\x00\x00\x00aK\x01sb.",
        b"\x80\x02X\x01\x00\x00\x00aK\x01\x85R.",  # a call of text
        b"\x80\x02}(K\x01K\x02ta.",  # items of a dictionary
        b"\x80\x02}]K\x01s.",  # a list as a key
        b"\x80\x02ctorch\nFloatStorage\nK\x05\x85R.",
    ],
)
def test_steps_that_are_no_data_are_refused(tmp_path, mark, steps):
    refused(archive(tmp_path / "x.model", steps))
    refused(row(tmp_path / "y.model", steps))


@pytest.mark.parametrize("data", [b"", b"\x80\x02", b"no pickle at all", b"PK\x03\x04 no archive", b"\x80\x02K\x01"])
def test_what_is_no_pickle_is_refused(tmp_path, data):
    for path in (tmp_path / "x.model", archive(tmp_path / "y.model", data)):
        path.write_bytes(data) if path.name == "x.model" else None
        refused(path)
    with pytest.raises(LandscapeError, match="There is no file"), open_torch_file(tmp_path / "nothing"):
        pass


@given(st.binary(max_size=60))
def test_any_bytes_are_data_or_are_refused(tmp_path_factory, data):
    path = archive(tmp_path_factory.getbasetemp() / "any.model", b"\x80\x02" + data)
    try:
        with open_torch_file(path) as content:
            assert not isinstance(content, type(os.system))
    except LandscapeError:
        pass


def tensor_pickle(storage, offset, shape, stride):
    """A pickle of one tensor with these numbers, and storage of four."""

    class Pickler(pickle.Pickler):
        def persistent_id(self, item):
            return storage if isinstance(item, Storage) else None

    class Storage:
        pass

    buffer = io.BytesIO()
    rebuild = torch._utils._rebuild_tensor_v2
    Pickler(buffer, 2).dump(Call(rebuild, Storage(), offset, shape, stride, False, {}))
    return buffer.getvalue()


FOUR = ("storage", torch.FloatStorage, "0", "cpu", 4)


def test_a_tensor_of_our_own_is_read(tmp_path):
    data = np.arange(4, dtype="<f4").tobytes()
    with open_torch_file(archive(tmp_path / "x.model", tensor_pickle(FOUR, 1, (3, 1), (1, 3)), k0=data)) as content:
        assert content.load().tolist() == [[1.0], [2.0], [3.0]]
    path = row(tmp_path / "y.model", tensor_pickle(FOUR, 0, (2, 2), (2, 1)), ["0"])
    path.write_bytes(path.read_bytes() + struct.pack("<q", 4) + data)
    with open_torch_file(path) as content:
        assert content.load().tolist() == [[0.0, 1.0], [2.0, 3.0]]


@pytest.mark.parametrize(
    ("storage", "offset", "shape", "stride"),
    [
        (FOUR, 0, (10**9, 10**9), (0, 0)),  # a bomb: two numbers for a quintillion
        (FOUR, 0, (5,), (1,)),
        (FOUR, 3, (2,), (1,)),
        (FOUR, 0, (2,), (4,)),
        (FOUR, -1, (2,), (1,)),
        (FOUR, 0, (-2,), (1,)),
        (FOUR, 0, (2, 2), (1,)),
        (FOUR, 0, (2.0,), (1,)),
        (("storage", torch.FloatStorage, "0", "cpu", 10**12), 0, (10**12,), (1,)),  # more than the file holds
        (("storage", torch.FloatStorage, "1", "cpu", 4), 0, (4,), (1,)),
        (("storage", torch.FloatStorage, "../version", "cpu", 4), 0, (4,), (1,)),
        (("storage", torch.FloatStorage, 0, "cpu", 4), 0, (4,), (1,)),
        (("storage", torch.FloatStorage, "0", "cpu", -4), 0, (0,), (1,)),
        (("storage", "torch.FloatStorage", "0", "cpu", 4), 0, (4,), (1,)),
        (("other", torch.FloatStorage, "0", "cpu", 4), 0, (4,), (1,)),
        (("storage",), 0, (4,), (1,)),
        ("storage", 0, (4,), (1,)),
    ],
)
def test_tensors_must_have_their_numbers(tmp_path, storage, offset, shape, stride):
    data = tensor_pickle(storage, offset, shape, stride)
    refused(archive(tmp_path / "x.model", data, k0=b"\0" * 16))
    path = row(tmp_path / "y.model", data, ["0"])
    path.write_bytes(path.read_bytes() + struct.pack("<q", 4) + b"\0" * 16)
    refused(path)


def test_bombs_are_refused(tmp_path):
    data = pickle.dumps({"a": 1}, 2)
    with zipfile.ZipFile(tmp_path / "x.model", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("archive/data.pkl", data)
        file.writestr("archive/data/0", b"\0" * 2**24)
    assert "packed members" in refused(tmp_path / "x.model")
    assert "more steps" in refused(archive(tmp_path / "y.model", b"\x80\x02" + b"}0" * 1_100_000 + b"N."))
    refused(archive(tmp_path / "z.model", b"\x80\x02\x8e" + b"\xff" * 7 + b"\x0f."))  # a text of exabytes
    refused(archive(tmp_path / "v.model", b"\x80\x02Nr\xff\xff\xff\xffj\xfe\xff\xff\xff."))  # a place far away
    inner = archive(tmp_path / "inner.model", data).read_bytes()
    with zipfile.ZipFile(tmp_path / "w.model", "w") as file:
        file.writestr("archive/inner.zip", inner)
    refused(tmp_path / "w.model")
    with zipfile.ZipFile(tmp_path / "u.model", "w") as file:
        file.writestr("a/data.pkl", data)
        file.writestr("b/data.pkl", data)
    refused(tmp_path / "u.model")


def test_containers_that_share_parts_without_end_take_no_time(tmp_path):
    steps = b"\x80\x02]q\x00" + b"".join(b"0]q%c(h%ch%ce" % (i + 1, i, i) for i in range(60)) + b"."
    with pytest.raises(LandscapeError, match="holds no weights"):
        describe_weights(archive(tmp_path / "x.model", steps))


@pytest.mark.parametrize("new", [True, False])
def test_modules_come_as_shells(tmp_path, new):
    module = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU())
    torch.save({"net": module, "kinds": {1, 2}}, tmp_path / "x.pt", _use_new_zipfile_serialization=new)
    with open_torch_file(tmp_path / "x.pt") as content:
        shell = content["net"]
        assert type(shell) is Shell and shell.name == "torch.nn.modules.container.Sequential"
        weight = shell.state["_modules"]["0"].state["_parameters"]["weight"]
        assert torch.equal(weight.load(), module[0].weight) and content["kinds"] == {1, 2}
    torch.save(torch.nn.LSTM(2, 3), tmp_path / "y.pt", _use_new_zipfile_serialization=new)
    assert "torch.nn.modules.rnn.LSTM" in refused(tmp_path / "y.pt")


@pytest.mark.parametrize("new", [True, False])
def test_tensors_of_all_kinds_and_views_are_read(tmp_path, new):
    whole = torch.arange(24.0).view(4, 6)
    kinds = [torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.uint8, torch.bool]
    given = [whole, whole.T, whole[1:3, ::2], torch.zeros(0, 3), *(whole.to(kind) for kind in kinds)]
    torch.save(given, tmp_path / "x.pt", _use_new_zipfile_serialization=new)
    with open_torch_file(tmp_path / "x.pt") as content:
        assert all(torch.equal(found.load(), item) for found, item in zip(content, given, strict=True))
