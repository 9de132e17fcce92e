"""The canonical form of addresses, for columns of them."""

from typing import TYPE_CHECKING

from shared.addresses import AROUND, SPELLED_PATTERN, canonical

if TYPE_CHECKING:  # lanes do without polars
    import polars as pl


def canonical_column(column: "pl.Expr") -> "pl.Expr":
    """Return addresses in their canonical form, "" where there is none."""
    import polars as pl

    plain = column.fill_null("").str.replace_all(AROUND, "").str.to_lowercase()
    return plain.map_batches(canonical_series, return_dtype=pl.String)


def canonical_series(addresses: "pl.Series") -> "pl.Series":
    """Return addresses in lower case in their canonical form; the same series where all are."""
    import polars as pl

    spelled = addresses.str.contains(SPELLED_PATTERN)
    if not spelled.any():
        return addresses
    places = pl.select(pl.arg_where(spelled)).to_series()
    forms = [canonical(address) for address in addresses.gather(places).to_list()]
    # Scattering changes a series in its place.
    return addresses.clone().scatter(places, forms)
