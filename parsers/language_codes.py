"""SANDBOX, untrusted: what files call languages (BCP 47 tags, ISO 639-1 and 639-2 codes), as ISO 639-3.

The tables are the code tables of ISO 639-3 (SIL International), column by column: a code of two letters, or the
bibliographic one of ISO 639-2, and behind it the code of ISO 639-3.
"""

import re

_TAG = re.compile(r"([A-Za-z]{2,3})(?:[-_][A-Za-z0-9]{1,8})*")
_TWO_LETTERS = """
    aaaar ababk aeave afafr akaka amamh anarg arara asasm avava ayaym azaze babak bebel bgbul bibis bmbam bnben
    bobod brbre bsbos cacat ceche chcha cocos crcre csces cuchu cvchv cycym dadan dedeu dvdiv dzdzo eeewe elell
    eneng eoepo esspa etest eueus fafas ffful fifin fjfij fofao frfra fyfry gagle gdgla glglg gngrn guguj gvglv
    hahau heheb hihin hohmo hrhrv hthat huhun hyhye hzher iaina idind ieile igibo iiiii ikipk ioido isisl itita
    iuiku jajpn jvjav kakat kgkon kikik kjkua kkkaz klkal kmkhm knkan kokor krkau kskas kukur kvkom kwcor kykir
    lalat lbltz lglug lilim lnlin lolao ltlit lulub lvlav mgmlg mhmah mimri mkmkd mlmal mnmon mrmar msmsa mtmlt
    mymya nanau nbnob ndnde nenep ngndo nlnld nnnno nonor nrnbl nvnav nynya ococi ojoji omorm orori ososs papan
    pipli plpol pspus ptpor quque rmroh rnrun roron rurus rwkin sasan scsrd sdsnd sesme sgsag shhbs sisin skslk
    slslv smsmo snsna sosom sqsqi srsrp ssssw stsot susun svswe swswa tatam tetel tgtgk ththa titir tktuk tltgl
    tntsn toton trtur tstso tttat twtwi tytah uguig ukukr ururd uzuzb veven vivie vovol wawln wowol xhxho yiyid
    yoyor zazha zhzho zuzul
"""
_BIBLIOGRAPHIC = """
    albsqi armhye baqeus burmya chizho czeces dutnld frefra geokat gerdeu greell iceisl macmkd maomri maymsa perfas
    rumron sloslk tibbod welcym
"""
_WITHDRAWN = {"iw": "heb", "in": "ind", "ji": "yid", "mo": "ron"}
_NO_LANGUAGE = frozenset({"mis", "mul", "und", "zxx"})
_CODES = {
    **{pair[:2]: pair[2:] for pair in _TWO_LETTERS.split()},
    **{pair[:3]: pair[3:] for pair in _BIBLIOGRAPHIC.split()},
    **_WITHDRAWN,
}


def iso_639_3(tag: str) -> str:
    """The code of a tag's language, such as "deu" of "de-AT"; "" when the tag names none."""
    match = _TAG.fullmatch(tag[:64].strip())
    if match is None:
        return ""
    code = match[1].lower()
    known = _CODES.get(code, code if len(code) == 3 else "")
    return "" if known in _NO_LANGUAGE else known
