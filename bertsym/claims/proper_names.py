"""Proper names that no published model has: a capital word that is no ordinary word of claims about parameters.

`Zephyr has 110M parameters` is about a model that is not known, and nothing may be judged in its place.
"""

from __future__ import annotations

import re

from bertsym.claims.scopes import scope_named

# A word that begins with a capital and has the verb of a claim behind it.
SUBJECT = re.compile(
    r"(?<![\w./-])(?P<name>[A-Z][A-Za-z0-9]*[a-z0-9][A-Za-z0-9]*(?:-[A-Za-z0-9.]+)*)"
    r"(?= (?:has|have|had|contains|comprises|features|uses|comes with|boasts|hat|besitzt|tiene|possède|a|est)\b"
    r"|有|的参数|的參數|のパラメ)"
)
_CAPITAL = re.compile(r"(?<![\w./$\\{-])[A-Z][A-Za-z0-9]*[a-z0-9][A-Za-z0-9-]*")
# Words that begin a sentence or a label about parameters, in the languages of the words for parameters.
_ORDINARY = frozenset(
    re.findall(
        r"\w+",
        """
    a about account active activated actual additional after all also an and another any approx approximately are as at
    back base baseline basic before below big block blocks both but by calculation case check checkpoint checkpoints
    claim class classifier combined config configuration count counting counts current das decoder deep default dense
    der des die dieses disk document each ein eine el embedding embeddings encoder entire equation es este estimate
    every everything example exact exactly extra fact feed few figure file final finally first five following for
    formula fourth from full gesamt gesamtzahl google have head heads hence here hidden how however huge hugging in
    including inference input is it its itself just language las last later layer layers le learnable les license lm
    los lower main many mathematics matrices matrix memory method model models modell module modules more most my
    name network neural new next no non norm normalization note now number of official on one only open original other
    our output over overall own paper par parameter parameters paramètres parámetros params part parts per plus pooler
    position positions pre precision previous projection published quantity question ratio real result results
    same score second section sequence several short since single size sizes small so some state storage sum summary
    system table task the their then there therefore these they third this those three thus to token tokens total
    totals trainable training transformer transformers true two type under unique unlike up value values variant
    version vision vocab vocabulary we weight weights what where which whole width with without wir word words you
    your anzahl insgesamt nombre número numero totale tous todo unser unsere notre nuestro modelo modèle seine ihre
    answer claimed claims verified verification query key keys queries feedforward attention multi self cross layernorm
    softmax linear bias biases scale gelu dropout experts expert router gate up down mlp ffn mha
""",
    )
)


def proper_name(label: str) -> str | None:
    """Return the first proper name of a label, or None if all of its words are ordinary ones.

    >>> proper_name("Zephyr"), proper_name("The total of Parameters"), proper_name("Token Embeddings")
    ('Zephyr', None, None)
    """
    if scope_named(label) is not None:
        return None
    for match in _CAPITAL.finditer(label):
        words = re.findall(r"[^\W\d_]+", match.group().casefold())
        if not all(word in _ORDINARY for word in words):
            return match.group()
    return None
