"""What drawn products are: wares of every kind, named in several languages, and syllables that make brands."""

from dataclasses import dataclass

from station.simulation.canvas import Colour
from station.simulation.catalogue import Kind, Material, Picture

LANGUAGES = ("en", "de", "fr", "pl", "ru", "el", "zh", "ja")
LATIN = 4
"""The first so many languages are written in Latin letters."""


@dataclass(frozen=True, slots=True)
class Ware:
    """A kind of goods: `names` in every language, `hues` (0 to 1) that its packaging tends to, `amounts` to choose."""

    names: tuple[str, ...]
    kinds: tuple[Kind, ...]
    picture: Picture
    colour: Colour
    hues: tuple[float, ...]
    amounts: tuple[str, ...]
    material: Material | None = None
    table: bool = True


def _ware(
    names: str, kinds: tuple[Kind, ...], picture: Picture, colour: Colour, hues: tuple[float, ...], amounts: str
) -> Ware:
    return Ware(tuple(names.split("|")), kinds, picture, colour, hues, tuple(amounts.split("|")))


def _thing(
    names: str,
    kinds: tuple[Kind, ...],
    picture: Picture,
    colour: Colour,
    hues: tuple[float, ...],
    amounts: str,
    material: Material | None = None,
) -> Ware:
    """Return goods that nobody eats."""
    return Ware(tuple(names.split("|")), kinds, picture, colour, hues, tuple(amounts.split("|")), material, table=False)


_RED, _ORANGE, _YELLOW, _GREEN, _TEAL, _BLUE, _VIOLET, _PINK = 0.0, 0.07, 0.13, 0.34, 0.48, 0.6, 0.76, 0.92
_CARTON, _SLEEVE, _BAG, _BOTTLE, _CAN = Kind.CARTON, Kind.SLEEVE, Kind.POLYBAG, Kind.BOTTLE, Kind.CAN
_BLISTER, _BOOK, _TUBE, _PACK, _MAILER = Kind.BLISTER, Kind.BOOK, Kind.TUBE, Kind.MULTIPACK, Kind.MAILER

WARES = (
    _ware(
        "Green tea|Grüntee|Thé vert|Zielona herbata|Зелёный чай|Πράσινο τσάι|绿茶|緑茶",
        (_CARTON, _SLEEVE),
        Picture.LEAVES,
        (74, 92, 46),
        (_GREEN, _TEAL),
        "20 × 2 g|40 g|25 bags",
    ),
    _ware(
        "Breakfast tea|Frühstückstee|Thé du matin|Herbata czarna|Чёрный чай|Μαύρο τσάι|早餐红茶|朝の紅茶",
        (_CARTON,),
        Picture.CUP,
        (88, 52, 30),
        (_RED, _BLUE, _ORANGE),
        "50 bags|100 g|75 g",
    ),
    _ware(
        "Crunchy muesli|Knuspermüsli|Muesli croquant|Chrupiące musli|Хрустящие мюсли|Μούσλι|麦片|グラノーラ",
        (_CARTON, _BAG),
        Picture.GRAIN,
        (186, 132, 70),
        (_ORANGE, _YELLOW, _GREEN),
        "375 g|500 g",
    ),
    _ware(
        "Butter biscuits|Butterkekse|Sablés au beurre|Herbatniki|Печенье|Μπισκότα|黄油饼干|ビスケット",
        (_CARTON, _SLEEVE),
        Picture.BISCUITS,
        (206, 154, 84),
        (_YELLOW, _RED, _BLUE),
        "200 g|24 pcs|150 g",
    ),
    _ware(
        "Dark chocolate|Zartbitter|Chocolat noir|Gorzka czekolada|Тёмный шоколад|Μαύρη σοκολάτα|黑巧克力|チョコレート",
        (_SLEEVE,),
        Picture.CHOCOLATE,
        (70, 40, 26),
        (_VIOLET, _RED, _TEAL, _ORANGE),
        "100 g|85 %|70 %",
    ),
    _ware(
        "Smoked salmon|Räucherlachs|Saumon fumé|Łosoś wędzony|Лосось|Σολομός|烟熏三文鱼|サーモン",
        (_SLEEVE,),
        Picture.FILLET,
        (236, 128, 84),
        (_BLUE, _TEAL),
        "100 g|200 g",
    ),
    _ware(
        "Penne|Penne|Penne rigate|Makaron|Макароны|Ζυμαρικά|意大利面|ペンネ",
        (_CARTON, _BAG),
        Picture.GRAIN,
        (228, 190, 104),
        (_BLUE, _RED, _GREEN),
        "500 g|1 kg",
    ),
    _ware(
        "Potato crisps|Kartoffelchips|Chips|Chipsy|Чипсы|Πατατάκια|薯片|ポテトチップス",
        (_BAG,),
        Picture.BISCUITS,
        (230, 186, 88),
        (_RED, _BLUE, _GREEN, _ORANGE),
        "150 g|175 g",
    ),
    _ware(
        "Coffee beans|Kaffeebohnen|Café en grains|Kawa ziarnista|Кофе в зёрнах|Καφές|咖啡豆|コーヒー豆",
        (_BAG, _CAN),
        Picture.GRAIN,
        (84, 52, 34),
        (_RED, _ORANGE, _TEAL, _BLUE),
        "250 g|500 g",
    ),
    _ware(
        "Cat food|Katzenfutter|Pour chats|Karma dla kota|Корм для кошек|Τροφή γάτας|猫粮|キャットフード",
        (_BAG, _CAN, _CARTON),
        Picture.CREATURE,
        (142, 92, 60),
        (_VIOLET, _BLUE, _PINK, _ORANGE),
        "400 g|85 g",
    ),
    _ware(
        "Peeled tomatoes|Geschälte Tomaten|Tomates pelées|Pomidory|Томаты|Ντομάτες|去皮番茄|トマト缶",
        (_CAN,),
        Picture.FRUIT,
        (204, 40, 30),
        (_RED, _GREEN, _YELLOW),
        "400 g|800 g",
    ),
    _ware(
        "Peach halves|Pfirsiche|Pêches au sirop|Brzoskwinie|Персики|Ροδάκινα|黄桃|白桃",
        (_CAN,),
        Picture.FRUIT,
        (240, 160, 74),
        (_ORANGE, _TEAL, _BLUE),
        "480 g|410 g",
    ),
    _ware(
        "White beans|Weiße Bohnen|Haricots blancs|Fasola|Фасоль|Φασόλια|白豆|白いんげん豆",
        (_CAN,),
        Picture.GRAIN,
        (224, 208, 176),
        (_TEAL, _BLUE, _RED),
        "400 g|240 g",
    ),
    _ware(
        "Olive oil|Olivenöl|Huile d'olive|Oliwa|Оливковое масло|Ελαιόλαδο|橄榄油|オリーブ油",
        (_BOTTLE,),
        Picture.LEAVES,
        (150, 146, 40),
        (_GREEN, _YELLOW),
        "500 ml|0,75 l",
    ),
    _ware(
        "Orange juice|Orangensaft|Jus d'orange|Sok pomarańczowy|Апельсиновый сок|Χυμός|橙汁|オレンジ",
        (_BOTTLE, _PACK),
        Picture.FRUIT,
        (244, 150, 30),
        (_ORANGE, _GREEN, _BLUE),
        "250 ml|330 ml|1 l",
    ),
    _ware(
        "Forest honey|Waldhonig|Miel de forêt|Miód leśny|Лесной мёд|Μέλι|森林蜂蜜|はちみつ",
        (_BOTTLE,),
        Picture.LANDSCAPE,
        (196, 118, 24),
        (_YELLOW, _ORANGE),
        "500 g|340 g",
    ),
    _thing(
        "Herbal shampoo|Kräutershampoo|Shampooing|Szampon|Шампунь|Σαμπουάν|洗发水|シャンプー",
        (_BOTTLE,),
        Picture.DROPS,
        (120, 190, 150),
        (_GREEN, _TEAL, _PINK, _VIOLET),
        "250 ml|400 ml",
        Material.PLASTIC,
    ),
    _ware(
        "Sparkling water|Sprudel|Eau pétillante|Woda gazowana|Минеральная вода|Νερό|苏打水|炭酸水",
        (_PACK, _BOTTLE),
        Picture.DROPS,
        (206, 226, 236),
        (_BLUE, _TEAL),
        "6 × 0,33 l|0,5 l",
    ),
    _ware(
        "Lemonade|Limonade|Limonade|Lemoniada|Лимонад|Λεμονάδα|柠檬汽水|レモネード",
        (_PACK,),
        Picture.FRUIT,
        (240, 216, 60),
        (_YELLOW, _GREEN, _PINK),
        "0,33 l|250 ml",
    ),
    _thing(
        "Alkaline AA|Alkali-Batterien|Piles alcalines|Baterie|Батарейки|Μπαταρίες|碱性电池|乾電池",
        (_BLISTER,),
        Picture.CELLS,
        (60, 62, 70),
        (_YELLOW, _RED, _BLUE),
        "AA|LR6 1,5 V",
    ),
    _thing(
        "Glue stick|Klebestift|Colle|Klej|Клей-карандаш|Κόλλα|固体胶|のり",
        (_BLISTER, _TUBE),
        Picture.MARBLE,
        (238, 238, 240),
        (_YELLOW, _BLUE, _GREEN),
        "22 g|40 g",
    ),
    _thing(
        "Lip balm|Lippenpflege|Baume à lèvres|Balsam do ust|Бальзам для губ|Βάλσαμο|润唇膏|リップ",
        (_BLISTER,),
        Picture.DROPS,
        (236, 120, 150),
        (_PINK, _VIOLET, _BLUE),
        "4,8 g|4 g",
    ),
    _thing(
        "Toothpaste|Zahnpasta|Dentifrice|Pasta do zębów|Зубная паста|Οδοντόκρεμα|牙膏|歯みがき",
        (_TUBE,),
        Picture.DROPS,
        (230, 244, 246),
        (_BLUE, _TEAL, _GREEN, _RED),
        "75 ml|100 ml",
    ),
    _thing(
        "Hand cream|Handcreme|Crème mains|Krem do rąk|Крем для рук|Κρέμα χεριών|护手霜|ハンドクリーム",
        (_TUBE,),
        Picture.LEAVES,
        (244, 232, 214),
        (_PINK, _GREEN, _ORANGE, _VIOLET),
        "50 ml|75 ml",
    ),
    _ware(
        "Tomato paste|Tomatenmark|Concentré|Koncentrat|Томатная паста|Πελτές|番茄酱|トマト",
        (_TUBE,),
        Picture.FRUIT,
        (190, 32, 22),
        (_RED, _GREEN),
        "200 g|150 g",
    ),
    _thing(
        "Desk lamp|Tischlampe|Lampe de bureau|Lampka|Настольная лампа|Λάμπα|台灯|デスクライト",
        (_CARTON,),
        Picture.LAMP,
        (210, 210, 206),
        (_BLUE, _YELLOW, _TEAL),
        "LED 9 W|E27",
    ),
    _thing(
        "Headphones|Kopfhörer|Casque|Słuchawki|Наушники|Ακουστικά|耳机|ヘッドホン",
        (_CARTON, _SLEEVE),
        Picture.HEADPHONES,
        (44, 46, 52),
        (_RED, _BLUE, _VIOLET),
        "40 h|ANC 2",
    ),
    _thing(
        "T-shirt|T-Shirt|Tee-shirt|Koszulka|Футболка|Μπλούζα|T恤|Tシャツ",
        (_BAG,),
        Picture.FABRIC,
        (60, 84, 130),
        (_BLUE, _RED, _TEAL, _GREEN),
        "S|M|L|XL",
        Material.CLEAR,
    ),
    _thing(
        "Wool socks|Wollsocken|Chaussettes|Skarpety|Носки|Κάλτσες|羊毛袜|ソックス",
        (_BAG,),
        Picture.FABRIC,
        (150, 60, 56),
        (_RED, _ORANGE, _BLUE),
        "39-42|43-46",
        Material.CLEAR,
    ),
    _thing(
        "Paper goods|Papierwaren|Papeterie|Papier|Бумага|Χαρτικά|纸品|紙製品",
        (_MAILER,),
        Picture.MARBLE,
        (210, 200, 180),
        (_BLUE, _GREEN, _RED, _VIOLET),
        "B5|C4|Size 2",
    ),
    _thing(
        "Spare parts|Ersatzteile|Pièces détachées|Części|Запчасти|Ανταλλακτικά|配件|部品",
        (_MAILER,),
        Picture.GEARS,
        (120, 124, 130),
        (_BLUE, _ORANGE, _TEAL),
        "Size 3|1 kg",
    ),
    _thing(
        "The far valley|Das ferne Tal|La vallée|Daleka dolina|Далёкая долина|Η κοιλάδα|远谷|遠い谷",
        (_BOOK,),
        Picture.LANDSCAPE,
        (236, 230, 214),
        (_TEAL, _ORANGE, _BLUE),
        "A novel|Stories",
    ),
    _thing(
        "Night trains|Nachtzüge|Trains de nuit|Nocne pociągi|Ночные поезда|Νύχτα|夜行列车|夜汽車",
        (_BOOK,),
        Picture.SKYLINE,
        (236, 230, 214),
        (_BLUE, _VIOLET, _RED),
        "A thriller|Crime",
    ),
    _thing(
        "Simple kitchen|Einfache Küche|Cuisine simple|Prosta kuchnia|Простая кухня|Κουζίνα|简单厨房|台所",
        (_BOOK,),
        Picture.FRUIT,
        (226, 96, 44),
        (_ORANGE, _GREEN, _YELLOW),
        "80 recipes|A cookbook",
    ),
    _thing(
        "On colour|Über Farbe|De la couleur|O kolorze|О цвете|Περί χρώματος|论颜色|色について",
        (_BOOK,),
        Picture.MARBLE,
        (236, 230, 214),
        (_PINK, _TEAL, _VIOLET, _YELLOW),
        "Essays|An atlas",
    ),
)

SYLLABLES = tuple(
    tuple(row.split())
    for row in (
        "al ал αλ 安 アル",
        "bo бо βο 宝 ボ",
        "da да δα 达 ダ",
        "el эл ελ 尔 エル",
        "fi фи φι 飞 フィ",
        "ga га γα 佳 ガ",
        "ka ка κα 嘉 カ",
        "lu лу λου 露 ル",
        "mi ми μι 美 ミ",
        "no но νο 诺 ノ",
        "pa па πα 帕 パ",
        "ri ри ρι 丽 リ",
        "so со σο 索 ソ",
        "ta та τα 泰 タ",
        "ve ве βε 维 ベ",
        "zo зо ζο 佐 ゾ",
        "ler лер λερ 乐 レル",
        "min мин μιν 敏 ミン",
        "tor тор τορ 拓 トル",
        "san сан σαν 三 サン",
        "nor нор νορ 诺 ノル",
        "dal дал δαλ 朵 ダル",
        "quin квин κιν 群 クイン",
        "bre бре βρε 波 ブレ",
    )
)
"""Parts of brands, each in Latin, Cyrillic, Greek, Chinese and Japanese letters."""

PROSE = (
    "store cool and dry away from light best before see base once opened keep closed and use within five days "
    "ingredients may contain traces of nuts packed for you in a clean house rinse sort and recycle this pack",
    "kühl und trocken lagern mindestens haltbar bis siehe Boden nach dem Öffnen bald verbrauchen Zutaten können "
    "Spuren von Nüssen enthalten vor Licht schützen Verpackung bitte trennen",
    "à conserver au sec et à l'abri de la lumière à consommer de préférence avant le voir dessous ingrédients "
    "peut contenir des fruits à coque pensez au tri",
    "przechowywać w suchym i chłodnym miejscu najlepiej spożyć przed data na spodzie składniki może zawierać orzechy "
    "chronić przed światłem opakowanie do recyklingu",
    "хранить в сухом прохладном месте беречь от света годен до смотри на дне состав может содержать следы орехов "
    "после вскрытия употребить в течение пяти дней",
    "φυλάσσεται σε δροσερό και ξηρό μέρος ανάλωση κατά προτίμηση πριν από δείτε τη βάση συστατικά μπορεί να περιέχει "
    "ίχνη ξηρών καρπών ανακυκλώστε",
    "请存放于 阴凉干燥处 避免阳光直射 保质期 见包装底部 开封后 请尽快食用 配料 可能含有 坚果成分 请回收包装",
    "直射日光を避け 涼しい所で 保存してください 賞味期限は 底面に記載 開封後は お早めに お召し上がり ください",
)
"""What backs say, in every language."""
