"""What exists, as data that a subject expert can edit, and the models that check it."""
