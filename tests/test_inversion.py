import dataclasses
import threading
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from landscape.errors import Cancelled
from landscape.evaluation.inversion import MaskedPhoto, evaluate_inversion, markdown_table
from landscape.fit import invert as inversion
from landscape.fit.cells import confine_dynamic, extend_dynamic, moving_cells
from landscape.fit.descent import Group, Plateau, Turn, descend
from landscape.fit.latents import starting_latents
from landscape.fit.losses import PERCEPTUAL_SCALE, ReconstructionLoss, style_tie
from landscape.fit.numbers import FIT_NUMBERS, VARIANTS, Schedule
from landscape.fit.rehearsal import rehearsed_views
from landscape.fit.stages import fit_latents
from landscape.fit.state import finish
from landscape.masks.matte import Matte
from landscape.networks.generator import Generator
from landscape.networks.generator_block import GeneratorConfig, NoiseScale
from landscape.networks.perceptual import LpipsAlex
from landscape.networks.vgg import Vgg19
from landscape.photo.read import Photo
from landscape.settings import FIT_NUMBERS as RECIPE_NAMES
from landscape.settings import VARIANTS as NAMES
from landscape.settings import FitSettings

SIZE = 32


@pytest.fixture(scope="module")
def generator() -> Generator:
    torch.manual_seed(0)
    made = Generator(GeneratorConfig((16, 16, 12, 8), 16, fused_from=8, padding_mode="reflect", blur=False))
    with torch.no_grad():
        for item in made.modules():
            if isinstance(item, NoiseScale):
                item.weight.normal_(0, 0.3)
        made.w_mean.normal_()
    return made.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def perceptual() -> LpipsAlex:
    torch.manual_seed(1)
    return LpipsAlex().eval().requires_grad_(False)


@pytest.fixture(scope="module")
def image() -> torch.Tensor:
    rng = torch.Generator().manual_seed(2)
    coarse = torch.rand(1, 3, 8, 8, generator=rng) * 1.4 - 0.7
    return torch.nn.functional.interpolate(coarse, size=SIZE, mode="bilinear")


@pytest.fixture(scope="module")
def moving() -> torch.Tensor:
    mask = torch.zeros(1, 1, SIZE, SIZE)
    mask[:, :, :16] = 1
    return mask


def run(states):
    """Go through states to their end."""
    for _ in states:
        pass


def fit(image, moving, generator, perceptual, variant="EOIFS", steps=(12, 8), encoder=None, **more):
    settings = FitSettings(variant=variant, latent_steps=steps[0], tune_steps=steps[1])
    watched = {name: more.pop(name) for name in ("progress", "cancel") if name in more}
    return finish(inversion.fit(image, moving, generator, encoder, perceptual, settings, **more), **watched)


def test_table_has_the_rows_of_the_paper():
    assert tuple(VARIANTS) == NAMES
    columns = ("encoder_start", "random_maps", "optimise_w", "optimise_maps", "tie_w", "tune", "split")
    rows = {name: "".join("x" if getattr(row, column) else "." for column in columns) for name, row in VARIANTS.items()}
    assert rows == {
        "I2S": ".xx....",
        "MO": "..xx...",
        "E": "xx.....",
        "EO": "x.xx...",
        "EOI": "x.xxx..",
        "EOIF": "x.xxxx.",
        "EOIFS": "x.xxxxx",
    }


def test_recipes_hold_the_numbers_of_the_paper_and_of_the_release():
    assert set(FIT_NUMBERS) == set(RECIPE_NAMES)
    paper, release = FIT_NUMBERS["paper"], FIT_NUMBERS["release"]
    first, second = paper.latents_of("EOI"), paper.latents_of("EOIFS")
    assert (first.steps, first.rate, first.perceptual_weight, first.patience, first.stop_after) == (
        500,
        0.1,
        0.01,
        20,
        100,
    )
    assert (second.steps, second.rate, second.perceptual_weight, second.patience, second.stop_after) == (
        500, 0.1, 0.01, 20, None,
    )  # fmt: skip
    assert not first.keep_best and not second.keep_best
    assert (paper.map_gradient, paper.tie_weight) == (0.001, 1.0)
    assert paper.tuning == Schedule(500, 0.001, 0.1, patience=None)
    assert paper.latents_of("I2S") == first
    i2s = release.latents_of("I2S")
    assert (i2s.steps, i2s.rate, i2s.perceptual_weight) == (4000, 0.01, 1.0)
    assert release.latents_of("EOI").stop_after is None
    assert not any((recipe.rehearse, recipe.enough) != (False, False) for recipe in (paper, release))


def test_loss_terms_by_hand(perceptual):
    target = torch.full((1, 3, 64, 64), 0.25)
    drawn = torch.full((1, 3, 64, 64), -0.25)
    assert float(ReconstructionLoss(target, perceptual)(drawn, 0.0)) == pytest.approx(0.5)
    upper = torch.zeros(1, 1, 64, 64)
    upper[:, :, :16] = 1
    assert float(ReconstructionLoss(target, perceptual, upper)(drawn, 0.0)) == pytest.approx(0.125)
    distance = float(perceptual(drawn, target))
    wanted = 0.5 + 0.1 * PERCEPTUAL_SCALE * distance
    assert float(ReconstructionLoss(target, perceptual)(drawn, 0.1)) == pytest.approx(wanted, rel=1e-4)
    assert float(style_tie(torch.tensor([1.0, 3.0]), torch.tensor([0.0, 1.0]))) == pytest.approx(2.5)


def test_rate_is_halved_after_twenty_steps_without_improvement_and_the_fit_ends_after_a_hundred():
    plateau = Plateau()
    assert plateau.update(1.0)
    for _ in range(19):
        assert not plateau.update(1.0)
    assert plateau.factor == 1.0
    plateau.update(1.5)
    assert plateau.factor == 0.5
    assert plateau.update(0.9)
    for _ in range(99):
        plateau.update(0.95)
    assert plateau.factor == 0.5**5
    assert not plateau.stalled
    plateau.update(0.95)
    assert plateau.stalled
    assert plateau.best == 0.9


def test_descent_returns_the_best_state_it_saw():
    x = torch.tensor([1.0])
    phase = Turn(lambda: x * 1, lambda drawn: drawn.square().sum(), [x])
    schedule = Schedule(9, 0.75, 0.0, keep_best=True)
    seen = [(step.stage, step.done, step.total) for step in descend("s", [phase], [Group([x], 0.75)], schedule)]
    assert abs(float(x)) < 0.26
    assert seen[0] == ("s", 0, 9)
    assert seen[-1] == ("s", 9, 9)
    assert not x.requires_grad
    assert x.grad is None


def test_steps_of_one_phase_leave_the_parameters_of_the_other_alone():
    a, b = torch.tensor([1.0]), torch.tensor([1.0])
    history = []
    phases = [
        Turn(lambda: a + b, lambda drawn: drawn.square().sum(), [a]),
        Turn(lambda: a + b, lambda drawn: drawn.square().sum(), [b]),
    ]
    groups = [Group([a], 0.1), Group([b], 0.1)]
    run(descend("s", phases, groups, Schedule(4, 0.1, 0.0), lambda: history.append((float(a), float(b)))))
    (a1, b1), (a2, b2), (a3, b3), _ = history
    assert a1 != 1.0
    assert b1 == 1.0
    assert a2 == a1
    assert b2 != b1
    assert a3 != a2
    assert b3 == b2


def test_descent_by_hand():
    """Adam's first steps, when gradients keep their sign, are as long as the rate: 3, 2, 1, then half a rate."""
    x = torch.tensor([3.0])
    phase = Turn(lambda: x * 1, lambda drawn: drawn.abs().sum(), [x])
    state = [float(step.kept(x)) for step in descend("s", [phase], [Group([x], 1.0)], Schedule(2, 1.0, 0.0))]
    assert state == pytest.approx([3.0, 2.0, 1.0], abs=1e-5)
    assert float(x) == pytest.approx(1.0, abs=1e-5)
    flat = torch.tensor([0.0])
    losses = iter([1.0, *[1.0] * 21])
    rates = []
    still = Turn(
        lambda: flat * 1, lambda drawn: drawn.sum() * 0 + drawn.sum() + next(losses) - drawn.detach().sum(), [flat]
    )
    positions = []
    run(descend("s", [still], [Group([flat], 1.0)], Schedule(22, 1.0, 0.0), lambda: positions.append(float(flat))))
    rates = [-(b - a) for a, b in zip([0.0, *positions], positions, strict=False)]
    assert rates[:20] == pytest.approx([1.0] * 20, abs=1e-3)
    assert rates[20:] == pytest.approx([0.5] * 2, abs=1e-3)


def test_gradients_of_the_maps_are_divided_by_a_thousand():
    """With a gradient near Adam's eps of 1e-8 the factor shows: g / (g + eps)."""
    a, b = torch.tensor([0.0]), torch.tensor([0.0])
    phase = Turn(lambda: a + b, lambda drawn: -1e-5 * drawn.sum(), [a, b])
    run(descend("s", [phase], [Group([a], 0.1), Group([b], 0.1, 0.001)], Schedule(1, 0.1, 0.0)))
    assert float(a) == pytest.approx(0.1 * 1e-5 / (1e-5 + 1e-8), rel=1e-4)
    assert float(b) == pytest.approx(0.1 * 1e-8 / (1e-8 + 1e-8), rel=1e-4)


def test_descent_ends_when_the_time_is_up():
    x = torch.tensor([3.0])
    phase = Turn(lambda: x * 1, lambda drawn: drawn.abs().sum(), [x])
    for step in descend("s", [phase], [Group([x], 1.0)], Schedule(9, 1.0, 0.0)):
        if step.done == 2:
            step.end()
    assert float(x) == pytest.approx(1.0, abs=1e-5)


def test_one_static_step_changes_s_static_alone(image, moving, generator, perceptual):
    variant = VARIANTS["EOIFS"]
    for recipe in FIT_NUMBERS.values():
        for steps in (1, 3):
            latents = starting_latents(image, moving, generator, None, variant, 0)
            schedule = Schedule(steps, 0.1, 0.01)
            run(fit_latents(generator, latents, image, moving, perceptual, variant, recipe, schedule))
            assert any(bool(item.any()) for item in latents.s_static)
            assert any(bool(item.any()) for item in latents.s_dynamic) is (recipe.joint or steps > 1)


def test_mask_divides_the_maps(image, moving, generator, perceptual):
    result = fit(image, moving, generator, perceptual)
    for static, dynamic in zip(result.s_static, result.s_dynamic, strict=True):
        half = static.shape[-1] // 2
        assert not static[:, :, :half].any()
        assert not dynamic[:, :, half:].any()
    assert result.s_static[-1].any()
    assert result.s_dynamic[-1].any()


def test_fit_improves_and_original_stays(image, moving, generator, perceptual):
    before = {name: value.clone() for name, value in generator.state_dict().items()}
    start = fit(image, moving, generator, perceptual, steps=(0, 0))
    result = fit(image, moving, generator, perceptual, steps=(60, 30))

    def error(inversion):
        return float((inversion.reconstruction() - image).abs().mean())

    assert error(result) < 0.6 * error(start)
    assert result.ssim > start.ssim
    assert all(torch.equal(value, before[name]) for name, value in generator.state_dict().items())
    assert not any(item.requires_grad for item in result.generator.parameters())
    assert result.w.shape == (1, 4, 16)
    assert [item.shape[-1] for item in result.s_static] == [4, 8, 16, 32]


def test_the_papers_perceptual_loss_by_hand():
    torch.manual_seed(0)
    vgg = Vgg19().eval().requires_grad_(False)
    assert [item.shape[1] for item in vgg.features(torch.zeros(1, 3, 16, 16))] == [
        64, 64, 128, 128, 256, 256, 256, 256, 512, 512, 512, 512, 512,
    ]  # fmt: skip
    a, b = torch.rand(2, 1, 3, 32, 32) * 2 - 1
    first = torch.relu(vgg.features_list["0"]((a * 0.5 + 0.5 - vgg.mean) / vgg.deviation))
    assert torch.allclose(vgg.features(a)[0], first, atol=1e-5)
    pairs = zip(vgg.features(a), vgg.features(b), strict=True)
    wanted = sum(float((x - y).abs().mean()) for x, y in pairs)
    assert float(vgg.distance(vgg.features(a), vgg.features(b))) == pytest.approx(wanted, rel=1e-5)
    loss = ReconstructionLoss(b, vgg)(a, 0.01)
    assert float(loss) == pytest.approx(float((a - b).abs().mean()) + 0.01 * wanted, rel=1e-5)


@pytest.mark.parametrize("recipe", ["paper", "release"])
def test_recipes_of_others_run(recipe, image, moving, generator, perceptual):
    for name in ("I2S", "EOIFS"):
        settings = FitSettings(variant=name, latent_steps=2, tune_steps=2, numbers=recipe)
        result = finish(inversion.fit(image, moving, generator, None, perceptual, settings))
        assert torch.isfinite(result.reconstruction()).all()


def test_tuning_the_last_blocks_leaves_the_others(image, moving, generator, perceptual, monkeypatch):
    monkeypatch.setitem(FIT_NUMBERS, "product", dataclasses.replace(FIT_NUMBERS["product"], tuned_blocks=2))
    start = fit(image, moving, generator, perceptual, steps=(6, 0))
    result = fit(image, moving, generator, perceptual, steps=(6, 30))
    for index, (before, after) in enumerate(zip(generator.blocks, result.generator.blocks, strict=True)):
        pairs = zip(before.parameters(), after.parameters(), strict=True)
        assert all(torch.equal(a.half(), b.half()) for a, b in pairs) is (index < 2)
    errors = [float((item.reconstruction() - image).abs().mean()) for item in (start, result)]
    assert errors[1] < 0.9 * errors[0]


@pytest.mark.parametrize("name", NAMES)
def test_every_variant_runs_and_repeats(name, image, moving, generator, perceptual):
    first = fit(image, moving, generator, perceptual, name, steps=(3, 3))
    second = fit(image, moving, generator, perceptual, name, steps=(3, 3))
    assert torch.equal(first.reconstruction(), second.reconstruction())
    assert (first.generator is generator) is not VARIANTS[name].tune
    assert first.seconds > 0


def test_encoder_gives_the_start(image, moving, generator, perceptual):
    class Fixed(torch.nn.Module):
        def forward(self, x):
            return torch.full((x.shape[0], 4, 16), 0.7)

    assert torch.equal(fit(image, moving, generator, perceptual, "E", encoder=Fixed()).w, torch.full((1, 4, 16), 0.7))
    start = fit(image, moving, generator, perceptual, "MO", steps=(0, 0), encoder=Fixed()).w
    assert torch.equal(start[0, 2], generator.w_mean)


def test_progress_and_cancel(image, moving, generator, perceptual):
    seen = []
    fit(image, moving, generator, perceptual, steps=(4, 3), progress=lambda *a: seen.append(a))
    assert [s[0] for s in seen] == ["fitting latents"] * 5 + ["fine-tuning"] * 5
    assert [s[1] for s in seen] == [0, 1, 2, 3, 4, 0, 1, 2, 3, 3]
    assert seen[-1] == ("fine-tuning", 3, 3)
    cancel = threading.Event()

    def stop(stage, done, total):
        if stage == "fine-tuning":
            cancel.set()

    with pytest.raises(Cancelled):
        fit(image, moving, generator, perceptual, progress=stop, cancel=cancel)


def test_wrong_size_is_refused(image, moving, generator, perceptual):
    with pytest.raises(ValueError, match="32 x 32"):
        finish(inversion.fit(image[..., :16], moving, generator, None, perceptual))


def test_extension_keeps_the_moving_cells_and_their_spread(moving):
    rng = torch.Generator().manual_seed(0)
    maps = confine_dynamic([3 + 2 * torch.randn(1, 1, size, size, generator=rng) for size in (4, 8, 16, 32)], moving)
    extended = extend_dynamic(maps, moving, seed=1)
    for before, after, cell in zip(maps, extended, moving_cells(moving, [4, 8, 16, 32]), strict=True):
        assert torch.equal(after * cell, before)
    inside, outside = extended[-1][:, :, :16], extended[-1][:, :, 16:]
    assert float(outside.mean()) == pytest.approx(float(inside.mean()), abs=0.6)
    assert float(outside.std()) == pytest.approx(float(inside.std()), rel=0.15)
    again = extend_dynamic(maps, moving, seed=1)
    assert all(torch.equal(a, b) for a, b in zip(extended, again, strict=True))
    assert not torch.equal(extend_dynamic(maps, moving, seed=2)[-1], extended[-1])
    assert all(torch.equal(a, b) for a, b in zip(confine_dynamic(extended, moving), maps, strict=True))


def test_extension_without_motion_is_zero():
    assert not extend_dynamic([torch.ones(1, 1, 8, 8)], torch.zeros(1, 1, 8, 8))[0].any()


def test_rehearsed_views_move_the_sky_and_keep_the_rest(image, moving):
    rng = torch.Generator().manual_seed(0)
    maps = confine_dynamic([torch.randn(1, 1, size, size, generator=rng) for size in (4, 8, 16, 32)], moving)
    for view in rehearsed_views(image, maps, moving, 4, seed=0):
        assert torch.equal(view.target[:, :, 16:], image[:, :, 16:])
        assert not torch.allclose(view.target[:, :, :16], image[:, :, :16])
        assert (view.region[:, :, 16:] == 1).all()
        assert not view.s_dynamic[-1][:, :, 16:].any()
        assert not torch.allclose(view.s_dynamic[-1], maps[-1])


def test_ablation_reports_means_and_photos(generator, perceptual):
    rng = np.random.default_rng(0)
    sky = np.zeros((60, 90), np.float32)
    sky[:30] = 1
    masks = Matte.certain(sky, np.zeros_like(sky), np.zeros_like(sky), 0.55)
    photos = [
        MaskedPhoto(Photo(rng.integers(0, 255, (60, 90, 3), dtype=np.uint8), name), masks) for name in ("one", "two")
    ]
    models = SimpleNamespace(generator=generator, encoder=None, perceptual=perceptual, vgg=None)
    report = evaluate_inversion(photos, models, ["E", "EOIFS"], FitSettings(latent_steps=2, tune_steps=2))
    assert [(row["photo"], row["variant"]) for row in report["photos"]] == [
        ("one", "E"), ("one", "EOIFS"), ("two", "E"), ("two", "EOIFS"),
    ]  # fmt: skip
    own = [row["lpips"] for row in report["photos"] if row["variant"] == "E"]
    assert report["E"]["lpips"] == pytest.approx(sum(own) / 2)
    assert set(report["EOIFS"]) == {"ssim", "lpips", "flow", "direction_error_deg", "seconds"}
    assert report["E"]["flow"] > 0
    table = markdown_table(report)
    assert table.count("\n") == 4
    assert "| EOIFS |" in table
