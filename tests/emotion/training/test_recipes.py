import numpy as np

from emotion.training.recipes import ARCHITECTURES, EmotionRecipe


def test_the_rate_rises_then_falls_to_nothing():
    recipe = EmotionRecipe(rates=(0.4,), warm_up=0.2, epochs=1)
    rates = [recipe.learning_rate(share) for share in np.linspace(0, 1, 101)]
    assert np.argmax(rates) == 20
    assert rates[20] == 0.4
    assert 0 < rates[0] < 0.05
    assert abs(rates[-1]) < 1e-9
    assert (np.diff(rates[20:]) <= 0).all()


def test_recipes_end_on_whole_faces():
    for recipe in (recipe for architecture in ARCHITECTURES.values() for recipe in architecture.recipes):
        assert recipe.sizes[0][0] == 0.0
        assert recipe.sizes[-1][1] == 48
        assert list(recipe.sizes) == sorted(recipe.sizes)


def test_the_first_network_of_an_architecture_needs_no_teacher():
    assert all(architecture.recipes[0].taught[0] == 0 for architecture in ARCHITECTURES.values())
