"""UNNEST as Trino has it: maps give two columns, arrays of rows give a column per field.

DuckDB yields one struct column and does not unnest maps, so each UNNEST becomes a lateral SELECT.
"""

from sqlglot import exp
from sqlglot.schema import MappingSchema

from infra.local.athena.column_types import readable
from infra.local.athena.errors import NotSupportedError, TypeMismatchError
from infra.local.athena.inference import infer_types, kind

T = exp.DType


def expand_unnests(tree: exp.Query, schema: MappingSchema) -> None:
    """Type the tree and rewrite every UNNEST, outer ones first where one feeds another.

    Raises:
        NotSupportedError: an argument whose type cannot be told, or an UNNEST without column names.
        TypeMismatchError: another number of column names than of columns.
    """
    infer_types(tree, schema)
    while pending := list(tree.find_all(exp.Unnest)):
        ready = [u for u in pending if all(kind(a) in (T.ARRAY, T.MAP) for a in u.expressions)]
        if not ready:
            what = pending[0].expressions[0]
            raise NotSupportedError(
                f"the type of {readable(what)} in UNNEST cannot be told to be an array or map",
                "Cast it: unnest(cast(x as array(varchar))).",
            )
        for unnest in ready:
            _replace(unnest)
        infer_types(tree, schema)


def _replace(unnest: exp.Unnest) -> None:
    alias = unnest.args.get("alias")
    names = [column.copy() for column in alias.columns] if alias else []
    offset = unnest.args.get("offset")
    if alias is None or not names:
        raise NotSupportedError("UNNEST without column names", "Name them: unnest(x) AS t(a, b).")
    elements, outputs = _columns(unnest.expressions)
    if offset:
        elements.append(exp.alias_(_positions(unnest.expressions), "position"))
        outputs.append(exp.column("position", "elements"))
        if isinstance(offset, exp.Identifier):
            names.append(offset.copy())
    if len(names) != len(outputs):
        raise TypeMismatchError(
            f"Column alias list has {len(names)} entries "
            f"but '{alias.name}' has {len(outputs)} columns",
            "Name each column, one per field of the row.",
        )
    named = [exp.alias_(o, n) for o, n in zip(outputs, names, strict=True)]
    inner = exp.select(*elements).subquery("elements")
    # DuckDB lets a subquery in FROM see what stands before it, as LATERAL would.
    unnest.replace(exp.select(*named).from_(inner).subquery(alias.this.copy()))


def _columns(arguments: list[exp.Expr]) -> tuple[list[exp.Expr], list[exp.Expr]]:
    """Return what to unnest, and the columns to make of it."""
    elements: list[exp.Expr] = []
    outputs: list[exp.Expr] = []
    for position, argument in enumerate(arguments):
        name = f"element_{position}"
        if kind(argument) == T.MAP:
            for part in ("keys", "values"):
                list_ = exp.func(f"map_{part}", argument.copy(), dialect="trino")
                elements.append(exp.alias_(exp.Explode(this=list_), f"{name}_{part}"))
                outputs.append(exp.column(f"{name}_{part}", "elements"))
            continue
        elements.append(exp.alias_(exp.Explode(this=argument.copy()), name))
        assert argument.type is not None
        inner = argument.type.expressions[0]
        if inner.this == T.STRUCT:
            outputs += [
                exp.Dot(
                    this=exp.column(name, "elements"),
                    expression=exp.to_identifier(field.name, quoted=True),
                )
                for field in inner.expressions
            ]
        else:
            outputs.append(exp.column(name, "elements"))
    return elements, outputs


def _positions(arguments: list[exp.Expr]) -> exp.Expr:
    lengths = [
        exp.Anonymous(this="cardinality" if kind(a) == T.MAP else "len", expressions=[a.copy()])
        for a in arguments
    ]
    longest = (
        lengths[0] if len(lengths) == 1 else exp.Anonymous(this="greatest", expressions=lengths)
    )
    stop = exp.cast(exp.Add(this=longest, expression=exp.Literal.number(1)), T.BIGINT)
    return exp.Explode(this=exp.Anonymous(this="range", expressions=[exp.Literal.number(1), stop]))
