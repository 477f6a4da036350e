"""Invented names: two-word companies in the languages of the regions they come from, and people. Data only."""

from __future__ import annotations

from typing import Final

import numpy as np

__all__ = ["PEOPLE", "REGIONS", "company_names"]

REGIONS: Final[dict[str, tuple[str, str]]] = {
    "North America": (
        "Harbor Cedar Granite Juniper Summit Prairie Lakeside Redwood Ironwood Copper Bluestem Cascade Beacon "
        "Tidewater Maple Canyon Birchwood Frontier Northgate Silverline Stonebridge Wildrose Oakmont Pinecrest",
        "Group Partners Holdings Collective Works Brothers Company Associates Ventures Alliance Industries "
        "Brands Enterprises Cooperative Services Labs",
    ),
    "United Kingdom": (
        "Ashdown Wexcombe Thistle Kingsley Marlowe Penrose Hollins Fenwick Carrow Pemberley Ridgeway Alder "
        "Calder Bramble Dunmore Eastleigh Farrow Greyfriars Hadley Ivinghoe",
        "Group Partners Holdings Trading Works Brothers Company Associates House Union Mercantile Sons",
    ),
    "DACH": (
        "Müller Schäfer Königsberg Grünwald Bäumer Vogt Lindner Rößler Alpenblick Nordlicht Hörmann Straßer "
        "Weiß Falkenau Zürcher Brückner Eichhorn Sonnental Oberländer Wiesner",
        "Gruppe Werke Söhne Kontor Gesellschaft Haus Verbund Partner Betriebe Gebrüder Union",
    ),
    "Türkiye": (
        "Yıldız Çınar Güneş Boğaziçi Şahin Ilgaz Özdemir Körfez Gökçe Uludağ İpek Ağaçlı Beyoğlu Toros",
        "Grup Holding Ticaret Sanayi Ortaklık Kardeşler Birlik Pazarlama İşletmeleri",
    ),
    "Nordics": (
        "Söderberg Ångström Bjørnstad Fjällnord Östlund Håkansson Sørensen Lumi Kivelä Mälar Vestfjord Ekholm",
        "Gruppen Bolag Handel Partner Bröder Holding Förvaltning Hus Samvirke",
    ),
    "Iberia and France": (
        "Peñalver Núñez Castaño Beaulieu Hélène Lévêque Valmère Conceição Brás Ibáñez Garnier Éclair Azevedo "
        "Belmonte Carvalho Duchêne Figueira Lacombe Montclar Rívera",
        "Grupo Groupe Hermanos Frères Compañía Maison Sociedade Partenaires Unión Associés",
    ),
}
"""Words by region, first and second; every pair is a possible name, of no real company and of no industry."""

PEOPLE: Final[tuple[str, ...]] = (
    "Amara Osei", "Beatriz Lima", "Caleb Winters", "Deniz Aydın", "Elif Şen",
    "Farah Haddad", "Grace Okafor", "Henrik Lund", "Ines Moreau", "Jonas Keller",
    "Katarzyna Nowak", "Liam Byrne", "Maya Patel", "Noah Fischer", "Oksana Koval",
    "Priya Raman", "Quentin Leroy", "Rosa Marín", "Samuel Adeyemi", "Tove Nilsson",
    "Umut Kaya", "Vera Petrova", "Wanda Brooks", "Ximena Ruiz", "Yuki Tanabe",
    "Zoë Carter", "Anton Berger", "Bilge Demir", "Clara Jensen", "Dylan Ward",
    "Emre Arslan", "Fiona Grant", "Gustavo Reis", "Hannah Stein", "Ivo Marek",
    "Jasmine Cole", "Kofi Mensah", "Lena Vogel", "Marco Bianchi", "Nadia Rahman",
)  # fmt: skip
"""People of customer success and sales, invented."""


def company_names(regions: list[str], draw: np.random.Generator) -> list[str]:
    """Distinct two-word company names, one for each entry of `regions`.

    >>> company_names(["Türkiye", "DACH"], np.random.default_rng(1))
    ['Beyoğlu Pazarlama', 'Hörmann Verbund']
    """
    piles = {}
    for region in dict.fromkeys(regions):
        first, second = (words.split() for words in REGIONS[region])
        pairs = [f"{a} {b}" for a in first for b in second]
        piles[region] = [pairs[i] for i in draw.permutation(len(pairs))]
    return [piles[region].pop() for region in regions]
