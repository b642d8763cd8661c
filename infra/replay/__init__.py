"""`finops replay`: the immutable log, judged again under an evaluation, written beside the rest."""
