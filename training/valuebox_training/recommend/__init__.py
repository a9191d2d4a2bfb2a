"""Learn what visitors of a shop see next: the setting of neighbours, and a ranker upon them."""
