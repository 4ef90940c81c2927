import json
import re

from ui.shared.frame import head_html, header_html


def test_the_head_names_no_other_place_and_closes_no_script_early():
    class Nothing:
        class models:
            class signs:
                class vocabulary:
                    signs = ()

    text = head_html(Nothing())
    assert text.count("<script>") == text.count("</script>") == 2
    assert not re.search(r"https?://(?!www\.w3\.org)", text)
    found = re.search(r"window.KSLR_CONFIG = (\{.*?\});</script>", text).group(1)
    assert json.loads(found)["words"]["live.start"]["kk"] == "Бастау"
    assert 'data-goto="video"' in header_html()
