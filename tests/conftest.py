"""Small models and pictures that many tests share."""

from __future__ import annotations

import os

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
if "PYTEST_XDIST_WORKER" in os.environ:  # other processes run tests beside this one, and the cores are shared
    os.environ.update({name: "1" for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")})

import numpy as np
import pytest
import torch
from PIL import Image

from landscape.networks.generator import Generator
from landscape.networks.generator_block import GeneratorConfig
from landscape.networks.posterior import Posterior


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Quick tests first; with several processes those in a browser, so that none of them ends long after the others."""
    shared = "PYTEST_XDIST_WORKER" in os.environ
    items.sort(key=lambda item: ("slow" in item.keywords, ("browser" in item.keywords) != shared))


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Whatever a test draws without a seed of its own does not depend on the tests before it."""
    torch.manual_seed(5)


SMALL = GeneratorConfig((16, 16, 16, 12, 8), 32, fused_from=8, padding_mode="reflect", blur=False)


def seeded_generator() -> Generator:
    """A seeded 64 px generator whose noise scales are not zero."""
    torch.manual_seed(3)
    generator = Generator(SMALL)
    for name, parameter in generator.named_parameters():
        if "static" in name or "dynamic" in name:
            torch.nn.init.normal_(parameter)
    return generator.eval()


@pytest.fixture
def small_generator() -> Generator:
    """A generator of the test's own."""
    return seeded_generator()


@pytest.fixture
def posterior() -> Posterior:
    torch.manual_seed(1)
    return Posterior(64, SMALL.style_width)


def made_up_landscape() -> np.ndarray:
    """A made-up landscape, uint8 (96, 128, 3): cloudy sky over textured land."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:96, 0:128]
    sky = np.stack([120 + 40 * np.sin(x / 9) * np.cos(y / 7), 150 + 30 * np.sin(x / 9), 220 - y * 0.3], axis=2)
    land = np.stack([60 + y * 0, 80 + y * 0.2, 40 + x * 0], axis=2) + rng.normal(0, 12, (96, 128, 1))
    return np.where(y[..., None] < 56, sky, land).clip(0, 255).astype(np.uint8)


@pytest.fixture
def landscape_pixels() -> np.ndarray:
    """A landscape of the test's own."""
    return made_up_landscape()


@pytest.fixture
def small_models():
    """Networks of the test's own."""
    return seeded_models()


def seeded_models():
    """All networks with seeded weights; only the perceptual one is the bundled one."""
    from landscape.light.measured import MeasuredLights
    from landscape.light.styles import Style, StyleGrade, StyleTable
    from landscape.models.bundle import LIGHT_FILE, PERCEPTUAL_FILE, Models, default_folder
    from landscape.models.frozen import load_lpips
    from landscape.networks.encoder import Encoder
    from landscape.networks.lighting import LightingNetwork
    from landscape.networks.segmenter import build_segmenter
    from landscape.settings import STYLES

    generator = seeded_generator()
    torch.manual_seed(5)
    dark, warm, plain = ((0.05, 0.06, 0.1),) * 3, ((0.7, 0.4, 0.2),) * 3, ((0.5, 0.55, 0.6),) * 3
    grades = {"deep night": StyleGrade(dark, 1.0), "warm sunset": StyleGrade(warm)}
    styles = tuple(Style(name, (0.5, -0.5, 0.2), grades.get(name, StyleGrade(plain))) for name in STYLES)
    return Models(
        generator,
        Encoder(len(generator.blocks), SMALL.style_width).eval(),
        LightingNetwork(SMALL.style_width, 2).eval(),
        build_segmenter().eval(),
        load_lpips(default_folder() / PERCEPTUAL_FILE),
        StyleTable(styles, first_block=2),
        lights=MeasuredLights.load(default_folder() / LIGHT_FILE),
    )


@pytest.fixture
def photo(landscape_pixels):
    from landscape.photo.read import Photo

    return Photo(landscape_pixels, "made up")


@pytest.fixture
def masks(landscape_pixels):
    """The sky of the made-up landscape."""
    from tests.mattes import hard_matte

    labels = np.zeros(landscape_pixels.shape[:2], np.uint8)
    labels[:56] = 1
    return hard_matte(labels)


@pytest.fixture(scope="session")
def marked(tmp_path_factory):
    """Prepared training pictures with masks: clips that differ from frame to frame, stills that all differ."""
    from landscape.networks.segmenter import build_segmenter
    from landscape.training.data.moving import mark_moving
    from landscape.training.data.pictures import prepare

    root, out = tmp_path_factory.mktemp("raw"), tmp_path_factory.mktemp("marked")
    rng = np.random.default_rng(1)
    (root / "stills").mkdir()
    for i in range(20):
        Image.fromarray(rng.integers(0, 255, (40, 60, 3), np.uint8)).save(root / "stills" / f"s{i}.png")
    for clip in range(4):
        (root / f"clips/clip{clip}").mkdir(parents=True)
        for i in range(5):
            picture = Image.fromarray(rng.integers(0, 255, (36, 48, 3), np.uint8))
            picture.save(root / f"clips/clip{clip}/{i:03d}.png")
    prepare(root, out, (8, 16))
    torch.manual_seed(0)
    steps = []
    mark_moving(out, (8, 16), build_segmenter().eval(), lambda *step: steps.append(step))
    assert steps
    return out


@pytest.fixture
def store(tmp_path):
    """Sessions of visitors, in a folder of their own."""
    from landscape.ui.visitors.sessions import SessionStore

    (tmp_path / "sessions").mkdir()
    return SessionStore(tmp_path / "sessions")


@pytest.fixture
def engine():
    """An engine that is quick because it knows no model."""
    from tests.fake_engine import FakeEngine

    return FakeEngine()


@pytest.fixture
def handlers(store, engine):
    """The page's handlers over both."""
    from landscape.ui.visitors.handlers import Handlers

    return Handlers(store, engine)


@pytest.fixture
def judge():
    """A projected discriminator on small random features, for pictures of 16 px."""
    from landscape.networks.projected import ProjectedDiscriminator
    from landscape.training.gan.judge import ProjectedJudge
    from landscape.training.run.processes import Processes
    from tests.test_networks import _Pyramid

    torch.manual_seed(0)
    return ProjectedJudge(ProjectedDiscriminator(_Pyramid(), (4, 6, 8, 10), size=16), Processes())


def make_prior(style_width, resolutions=(4, 8)):
    """A seeded prior that has learnt nothing."""
    from landscape.networks.prior import LatentPrior

    torch.manual_seed(0)
    return LatentPrior(style_width, resolutions).eval()


@pytest.fixture(scope="module")
def browser():
    """A real browser."""
    from tests.browser import chromium

    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """The address of an app in a process of its own; shifted photos stand in for the networks."""
    from tests.browser import APP, running

    yield from running(APP, tmp_path_factory.mktemp("app"))
