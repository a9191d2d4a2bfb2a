"""What all our exceptions share."""


class ValueboxError(Exception):
    """Something that a person can put right; the message says what, and holds no secret.

    What takes several lines has an argument for each: a line break within one is somebody's text.
    """

    def __str__(self) -> str:
        return "\n".join(map(str, self.args))
