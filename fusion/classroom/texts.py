"""What a classroom report says, in Kazakh, Russian and English."""

from typing import Any

from kslr.core.errors import InputError

LANGUAGES = ("kk", "ru", "en")
_TEXTS: dict[str, tuple[str, str, str]] = {
    "title": ("Сынып", "Класс", "Classroom"),
    "untitled": ("Атаусыз сабақ", "Занятие без названия", "Untitled session"),
    "running": ("жүріп жатыр", "идёт", "running"),
    "finished": ("аяқталған", "завершено", "finished"),
    "interrupted": (
        "үзілген: соңғы 10 секундқа дейінгі деректер бар",
        "прервано: потеряно не более 10 секунд",
        "interrupted: at most its last 10 seconds are missing",
    ),
    "before": ("Оқымас бұрын", "Прежде чем читать", "Before you read this"),
    "lines": ("Сыныптың көңіл қоюы уақыт бойынша", "Вовлечённость класса по времени", "How the class reacted over time"),
    "band": (
        "Сұр жолақ — көрсетуге болмайтын уақыт (бет аз). "
        "Көк белдеу — индекстің дәлдігі. Валенттілік −1-ден 1-ге дейін, сол биіктікте салынған.",
        "Серым отмечено время, когда лиц слишком мало, ничего не показывается. "
        "Голубая полоса — точность индекса. Валентность идёт от −1 до 1 на той же высоте.",
        "Grey: too few faces, so nothing is shown. "
        "The blue band is how exact the index is. Valence runs from −1 to 1 over the same height.",
    ),
    "moods": ("Сыныптың көңіл күйі", "Настроение класса", "Mood of the class"),
    "mood_note": (
        "Үлестер дөңгелектенген. Ашу, жиіркеніш, қорқыныш және мұң бір үлесте берілген.",
        "Доли округлены. Злость, отвращение, страх и грусть объединены в одну долю.",
        "Shares are rounded. Anger, disgust, fear and sadness are one share.",
    ),
    "moments": ("Белгіленген сәттер", "Отмеченные моменты", "Noted moments"),
    "all": ("Әр он секунд", "Каждые десять секунд", "Every ten seconds"),
    "nothing": (
        "Көрсететін дерек жоқ: бет саны жеткіліксіз болды.",
        "Показывать нечего: лиц всё время было слишком мало.",
        "There is nothing to show: there were too few faces all the time.",
    ),
    "shown": ("Көрсетілген аралықтар", "Показано отрезков", "Windows shown"),
    "time": ("уақыт", "время", "time"),
    "faces": ("бет саны", "лиц", "faces"),
    "too_few": ("аз", "мало", "too few"),
    "rate": ("Секундына қарау", "Кадров в секунду", "Looks a second"),
    "engagement": ("көңіл қою", "вовлечённость", "engagement"),
    "facing": ("қарап отырғандар", "смотрят", "facing"),
    "seen": ("көрінгендер", "видны", "seen"),
    "valence": ("валенттілік", "валентность", "valence"),
    "arousal": ("белсенділік", "возбуждение", "arousal"),
    "glad": ("көңілді", "радость", "glad"),
    "calm": ("сабырлы", "спокойствие", "calm"),
    "surprised": ("таңғалған", "удивление", "surprised"),
    "troubled": ("мазасыз", "огорчение", "troubled"),
    "confidence": ("сенімділік", "надёжность", "confidence"),
}  # fmt: skip
_CAVEATS = {
    "kk": (
        "Бұл — беттердің жалпы көрінісі. Оқушының не сезгенін, не ойлағанын, не түсінгенін ешкім беттен дәл біле алмайды.",
        "Адамға баға қою, оны жазалау немесе ол туралы шешім қабылдау үшін пайдалануға болмайды. "
        "Жеке адам туралы дерек мұнда жоқ.",
        "Барлық сан кемінде {k} беттің орташасы және әдейі дөңгелектенген. Бет саны аз болса, ештеңе көрсетілмейді.",
        "Эмоция моделі жиі қателеседі; күрделі жарық, алыс бет, маска және жасы мен ұлты әртүрлі адамдар қатені көбейтеді. "
        "Ым тілінде бет қимылы — тілдің бөлігі: қас көтеру сұрақты білдіруі мүмкін, таңғалуды емес.",
        "Еуропалық одақта мектепте эмоцияны анықтауға тыйым салынған (ЖИ актісі, 5(1)(f)-бап), медициналық және қауіпсіздік "
        "мақсаттарынан басқа. Қазақстанда дербес деректер туралы заң келісім талап етеді. Жергілікті заңгерден сұраңыз.",
    ),
    "ru": (
        "Это общая картина лиц. Что ученик чувствует, думает и понял, по лицу точно не узнать.",
        "Нельзя по этому оценивать людей, наказывать их или решать о них что-либо. Данных об отдельных людях здесь нет.",
        "Каждая цифра — среднее не менее чем по {k} лицам и намеренно округлена. Если лиц меньше, не показывается ничего.",
        "Модель эмоций часто ошибается; свет, расстояние, маски, возраст и происхождение людей добавляют ошибок. "
        "В жестовом языке мимика — часть языка: поднятые брови могут быть вопросом, а не удивлением.",
        "В Европейском союзе распознавать эмоции в школе запрещено (Закон об ИИ, статья 5(1)(f)), кроме медицинских целей "
        "и безопасности. В Казахстане закон о персональных данных требует согласия. Спросите местного юриста.",
    ),
    "en": (
        "This is how faces looked, in the mean. What a pupil felt, thought or understood cannot be read from a face.",
        "Do not grade, discipline or decide anything about anybody by it. It holds nothing about any single person.",
        "Every figure is a mean over at least {k} faces and rounded on purpose. With fewer, nothing is shown at all.",
        "The emotion network is often wrong, more so with poor light, distance, masks, and people unlike those it learnt from. "
        "In a sign language the face is part of the language: raised brows may ask a question rather than show surprise.",
        "The European Union forbids inferring emotions in schools (AI Act, article 5(1)(f)) save for medical or safety "
        "reasons; Kazakhstan's law on personal data asks for consent. Ask local counsel.",
    ),
}


def report_text(language: str) -> dict[str, Any]:
    """The texts of one language; ``caveats`` is a tuple of sentences.

    Raises:
        InputError: not one of LANGUAGES.

    >>> report_text("en")["moods"]
    'Mood of the class'
    """
    if language not in LANGUAGES:
        raise InputError(f"Reports are written in {', '.join(LANGUAGES)}, not in {language}.")
    column = LANGUAGES.index(language)
    return {**{key: texts[column] for key, texts in _TEXTS.items()}, "caveats": _CAVEATS[language]}
