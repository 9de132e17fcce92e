"""The words that made-up people consist of."""


def _words(text: str) -> list[str]:
    """Split at spaces; an underscore stands for a space within a name."""
    return [word.replace("_", " ") for word in text.split()]


# The companies of Microsoft's samples: nobody reads mail there, and Mailchimp would take them.
DOMAINS = _words(
    "contoso.com fabrikam.com northwindtraders.com adatum.com litware.com tailspintoys.com "
    "woodgrovebank.com fourthcoffee.com proseware.com"
)
FIRST = _words(
    "Ana Zoë Marko Łukasz Søren Chloé Jürgen Iñaki Šime Đurđa Željka Björn Émile Ngọc Ayşe Ótavio "
    "Aiko Priya Omar Lerato Mauno Grace Liam Noor Sven Ivan Maya Carlos Fatima Wei Olga Tom"
)
LAST = _words(
    "Kovačić Müller García O'Brien Nguyễn Østergaard Dvořák Şahin Lefèvre Ångström Jónsdóttir "
    "Novák Smith-Jones Rossi Silva Tanaka Okafor Kipkemboi Haddad Patel Ivanova Horvat Berg Lee "
    "Ferreira Kowalski Dubois Jansen Virtanen Moreau Weber Costa"
)
CITIES = _words("Zagreb München São_Paulo Łódź Málaga Québec Oslo Nairobi Osaka Austin Lyon Split")
COUNTRIES = _words(
    "Croatia Germany Brazil Poland Spain Canada Norway Kenya Japan USA France Croatia"
)
STREETS = _words("Main_Street Ilica Hauptstraße Rua_da_Paz Karl_Johans_gate Calle_Sol")
NOT_ADDRESSES = _words(
    "no-at-sign two@@contoso.com space_in@contoso.com nobody@ @contoso.com dot.@contoso..com "
    "contoso.com a@b"
)
