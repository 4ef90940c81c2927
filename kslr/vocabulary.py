"""Words: what a sign means in Kazakh, Russian and English, and the recordings it was trained on.

The thirty signs are those of the KSLR paper (Herald of KBTU 4(75), 2025). Most of them have no public recordings in Kazakh
Sign Language, so each word carries its sources; a word without recordings is `untrained` and is never an answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from kslr.core.errors import InputError
from kslr.core.files import one_line

IDLE = "_idle"  # the class of hands that sign no word of the vocabulary


@dataclass(frozen=True)
class Sign:
    """One word.

    Attributes:
        id: the paper's Latin form in ASCII with underscores, the key everywhere.
        kk, latin, en, ru: Kazakh in Cyrillic, the paper's Latin form, English, Russian.
        trained_on: recordings by source, such as ``{"rsl": 2, "ksl30_by_meaning": 60}``; empty when untrained.
    """

    id: str
    kk: str
    latin: str
    en: str
    ru: str
    trained_on: Mapping[str, int] = field(default_factory=dict)

    @property
    def untrained(self) -> bool:
        """Whether there was no recording of this word to train on."""
        return not self.trained_on


_WORDS = """
salemetsiz be|Сәлеметсіз бе|Hello|Здравствуйте
men|Мен|I|Я
uyrenu|Үйрену|Learn|Учить
ym|Ым|Gesture|Жест
bugin|Бүгін|Today|Сегодня
aua rayi|Ауа райы|Weather|Погода
jaksy|Жақсы|Good|Хорошо
men seni suyemin|Мен сені сүйемін|I love you|Я тебя люблю
suyq|Суық|Cold|Холодно
ystyq|Ыстық|Hot|Жарко
rakhmet|Рақмет|Thank you|Спасибо
telefon|Телефон|Telephone|Телефон
tynysh|Тыныш|Silent|Тихо
bileu|Билеу|Dance|Танцевать
keude|Кеуде|Chest|Грудь
oynau|Ойнау|Play|Играть
akyldy|Ақылды|Clever|Умный
ushaq|Ұшақ|Airplane|Самолёт
bet|Бет|Face|Лицо
adam|Адам|Person|Человек
atesh|Әтеш|Rooster|Петух
taxi|Такси|Taxi|Такси
doreki|Дөрекі|Rude|Грубый
it|Ит|Dog|Собака
keremet|Керемет|Perfect|Отлично
jaman|Жаман|Bad|Плохо
su|Су|Water|Вода
sau bolynyz|Сау болыңыз|Goodbye|До свидания
katty|Қатты|Loud|Громко
ulken|Үлкен|Big|Большой
"""

# The question words of Kazakh-Russian Sign Language, as its data set names them. Each also exists as a question, with a q.
_QUESTION_WORDS = """
gde|Қайда|Where|Где
kak|Қалай|How|Как
kakoi|Қандай|What kind|Какой
kogda|Қашан|When|Когда
kotoriy|Қайсы|Which|Который
kto|Кім|Who|Кто
kuda|Қай жаққа|Where to|Куда
skolko|Қанша|How many|Сколько
what|Не|What|Что
zachem|Не үшін|What for|Зачем
"""


@dataclass(frozen=True)
class Vocabulary:
    """Words in a fixed order.

    >>> kslr30()["rakhmet"].kk
    'Рақмет'
    """

    name: str
    signs: tuple[Sign, ...]

    def __post_init__(self) -> None:
        ids = [sign.id for sign in self.signs]
        if len(set(ids)) != len(ids):
            raise InputError(f"The vocabulary {self.name} has a word twice.")

    def __getitem__(self, sign_id: str) -> Sign:
        for sign in self.signs:
            if sign.id == sign_id:
                return sign
        raise KeyError(sign_id)

    def __contains__(self, sign_id: object) -> bool:
        return any(sign.id == sign_id for sign in self.signs)

    def find_id(self, text: str) -> str | None:
        """The id of the word that a person means: by its id or its Kazakh, Russian, English or Latin name; None when unclear.

        >>> kslr30().find_id("Рақмет"), kslr30().find_id("thank you"), kslr30().find_id("nothing")
        ('rakhmet', 'rakhmet', None)
        """
        if text in self:
            return text
        wanted = _plain(text)
        found = {s.id for s in self.signs if wanted in map(_plain, (s.id, s.kk, s.latin, s.en, s.ru))}
        return found.pop() if len(found) == 1 else None

    def with_training(self, counts: Mapping[str, Mapping[str, int]]) -> "Vocabulary":
        """The same words with what each was trained on.

        Args:
            counts: word id → source → number of recordings.
        """
        return replace(self, signs=tuple(replace(s, trained_on=dict(counts.get(s.id, {}))) for s in self.signs))

    @property
    def untrained(self) -> tuple[Sign, ...]:
        """The words without recordings to train on."""
        return tuple(sign for sign in self.signs if sign.untrained)


def _plain(text: str) -> str:
    return one_line(text.replace("_", " ")).casefold()


def kslr30() -> Vocabulary:
    """The thirty signs of the KSLR paper, in its order."""
    signs = []
    for line in _WORDS.strip().splitlines():
        latin, kk, en, ru = line.split("|")
        signs.append(Sign(latin.replace(" ", "_"), kk, latin, en, ru))
    return Vocabulary("kslr30", tuple(signs))


def krsl20() -> Vocabulary:
    """The ten question words of K-RSL, each as a statement and as a question (``q``, with a question mark).

    >>> krsl20()["gdeq"].ru
    'Где?'
    """
    signs = []
    for line in _QUESTION_WORDS.strip().splitlines():
        latin, *words = line.split("|")
        for end, mark in (("", ""), ("q", "?")):
            kk, en, ru = (word + mark for word in words)
            signs.append(Sign(latin + end, kk, latin + mark, en, ru))
    return Vocabulary("krsl20", tuple(signs))


def model_vocabulary(name: str, ids: tuple[str, ...] | list[str]) -> Vocabulary:
    """The vocabulary of a model by the model's name (``kslr30…``, ``krsl20…``); otherwise its labels without translations."""
    known = {"kslr30": kslr30, "krsl20": krsl20}.get(name[:6])
    return replace(known(), name=name) if known and all(i in known() for i in ids) else untranslated_vocabulary(name, ids)


def untranslated_vocabulary(name: str, ids: tuple[str, ...] | list[str]) -> Vocabulary:
    """A vocabulary of labels without translations, such as a data set's."""
    return Vocabulary(name, tuple(Sign(i, i, i, i, i) for i in ids))
