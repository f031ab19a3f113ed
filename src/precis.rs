//! Names and texts as people write them, by the rules of PRECIS (RFC 8264, RFC 8265): their permitted
//! characters, and the form in which they are compared. The properties of characters are derived from the
//! current Unicode tables, as RFC 8264 section 8 says, and not listed, so that scripts added to Unicode since
//! are included.

use icu_properties::props::{
    BidiClass, CanonicalCombiningClass, DefaultIgnorableCodePoint, GeneralCategory, HangulSyllableType,
    JoinControl, JoiningType, NoncharacterCodePoint, Script,
};
use icu_properties::{CodePointMapData, CodePointSetData};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::decompose_compatible;

/// Returns the form in which a username is compared (RFC 8265 section 3.3, UsernameCaseMapped); none if the
/// text is not a username.
pub(crate) fn username_case_mapped(text: &str) -> Option<String> {
    let mut mapped = enforced(text)?;
    // RFC 8264 section 7: the rules are applied until the result is stable, at most three times more.
    for _ in 0..3 {
        let next = enforced(&mapped)?;
        if next == mapped {
            return Some(mapped);
        }
        mapped = next;
    }
    None
}

fn enforced(text: &str) -> Option<String> {
    let wide: String = text.chars().flat_map(of_usual_width).collect();
    if !is_identifier(&wide) {
        return None;
    }
    let mapped = lower(&wide);
    (!mapped.is_empty() && is_identifier(&mapped) && keeps_its_direction(&mapped)).then_some(mapped)
}

/// Maps a text as [`username_case_mapped`] does, although it may be only the beginning of a username.
pub(crate) fn case_mapped(text: &str) -> String {
    lower(&text.chars().flat_map(of_usual_width).collect::<String>())
}

/// Maps the whole text at once, because a final sigma becomes another letter.
fn lower(text: &str) -> String {
    text.to_lowercase().nfc().collect()
}

/// Returns whether the text is free-form (RFC 8264 section 4.3).
pub(crate) fn is_free_form(text: &str) -> bool {
    is_of(text, |kind| matches!(kind, Kind::Valid | Kind::FreeForm))
}

/// Returns whether the text is an identifier (RFC 8264 section 4.2).
fn is_identifier(text: &str) -> bool {
    is_of(text, |kind| kind == Kind::Valid)
}

fn is_of(text: &str, is_allowed: impl Fn(Kind) -> bool) -> bool {
    let chars: Vec<char> = text.chars().collect();
    let fits = |(at, c): (usize, &char)| match kind(*c) {
        Kind::Contextual => fits_its_context(&chars, at),
        kind => is_allowed(kind),
    };
    chars.iter().enumerate().all(fits)
}

/// The category that RFC 8264 section 8 derives for a character.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Permitted in identifiers and free-form texts.
    Valid,
    /// Permitted in free-form texts only.
    FreeForm,
    /// Permitted where its neighbours allow it.
    Contextual,
    Disallowed,
}

fn kind(c: char) -> Kind {
    use GeneralCategory as Category;
    if let Some(kind) = exception(c) {
        return kind;
    }
    let category = CodePointMapData::<GeneralCategory>::new().get(c);
    if category == Category::Unassigned {
        Kind::Disallowed
    } else if c.is_ascii_graphic() {
        Kind::Valid
    } else if CodePointSetData::new::<JoinControl>().contains(c) {
        Kind::Contextual
    } else if is_old_hangul(c)
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
        || CodePointSetData::new::<NoncharacterCodePoint>().contains(c)
        || category == Category::Control
    {
        Kind::Disallowed
    } else if !std::iter::once(c).eq(std::iter::once(c).nfkc()) {
        Kind::FreeForm
    } else {
        match category {
            Category::LowercaseLetter
            | Category::UppercaseLetter
            | Category::OtherLetter
            | Category::ModifierLetter
            | Category::DecimalNumber
            | Category::NonspacingMark
            | Category::SpacingMark => Kind::Valid,
            Category::TitlecaseLetter
            | Category::LetterNumber
            | Category::OtherNumber
            | Category::EnclosingMark
            | Category::SpaceSeparator
            | Category::MathSymbol
            | Category::CurrencySymbol
            | Category::ModifierSymbol
            | Category::OtherSymbol
            | Category::ConnectorPunctuation
            | Category::DashPunctuation
            | Category::OpenPunctuation
            | Category::ClosePunctuation
            | Category::InitialPunctuation
            | Category::FinalPunctuation
            | Category::OtherPunctuation => Kind::FreeForm,
            _ => Kind::Disallowed,
        }
    }
}

/// RFC 8264 section 9.6, which is RFC 5892 section 2.6.
fn exception(c: char) -> Option<Kind> {
    match c {
        'ß' | 'ς' | '\u{6fd}' | '\u{6fe}' | '\u{f0b}' | '\u{3007}' => Some(Kind::Valid),
        '\u{b7}' | '\u{375}' | '\u{5f3}' | '\u{5f4}' | '\u{30fb}' => Some(Kind::Contextual),
        '\u{660}'..='\u{669}' | '\u{6f0}'..='\u{6f9}' => Some(Kind::Contextual),
        '\u{640}' | '\u{7fa}' | '\u{302e}' | '\u{302f}' | '\u{3031}'..='\u{3035}' | '\u{303b}' => {
            Some(Kind::Disallowed)
        }
        _ => None,
    }
}

/// RFC 8264 section 9.9.
fn is_old_hangul(c: char) -> bool {
    let syllable = CodePointMapData::<HangulSyllableType>::new().get(c);
    let jamo =
        [HangulSyllableType::LeadingJamo, HangulSyllableType::VowelJamo, HangulSyllableType::TrailingJamo];
    jamo.contains(&syllable)
}

/// RFC 5892 appendix A.
fn fits_its_context(chars: &[char], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|at| chars.get(at)).copied();
    let after = chars.get(at + 1).copied();
    let script = |c: char| CodePointMapData::<Script>::new().get(c);
    let is_of = |c: Option<char>, expected: Script| c.is_some_and(|c| script(c) == expected);
    let has = |range: std::ops::RangeInclusive<char>| chars.iter().any(|c| range.contains(c));
    match chars.get(at) {
        Some('\u{200c}') => is_virama(before) || joins(chars, at),
        Some('\u{200d}') => is_virama(before),
        Some('\u{b7}') => before == Some('l') && after == Some('l'),
        Some('\u{375}') => is_of(after, Script::Greek),
        Some('\u{5f3}' | '\u{5f4}') => is_of(before, Script::Hebrew),
        Some('\u{30fb}') => {
            chars.iter().any(|c| [Script::Hiragana, Script::Katakana, Script::Han].contains(&script(*c)))
        }
        Some('\u{660}'..='\u{669}') => !has('\u{6f0}'..='\u{6f9}'),
        Some('\u{6f0}'..='\u{6f9}') => !has('\u{660}'..='\u{669}'),
        _ => false,
    }
}

fn is_virama(c: Option<char>) -> bool {
    let class = |c| CodePointMapData::<CanonicalCombiningClass>::new().get(c);
    c.is_some_and(|c| class(c) == CanonicalCombiningClass::Virama)
}

/// Returns whether a ZERO WIDTH NON-JOINER stands between letters that would join (RFC 5892 appendix A.1).
fn joins(chars: &[char], at: usize) -> bool {
    let joining = |c: &char| CodePointMapData::<JoiningType>::new().get(*c);
    let is_seen = |joining: &JoiningType| *joining != JoiningType::Transparent;
    let before = chars.get(..at).unwrap_or_default();
    let after = chars.get(at + 1..).unwrap_or_default();
    let left = before.iter().rev().map(joining).find(is_seen);
    let right = after.iter().map(joining).find(is_seen);
    matches!(left, Some(JoiningType::LeftJoining | JoiningType::DualJoining))
        && matches!(right, Some(JoiningType::RightJoining | JoiningType::DualJoining))
}

/// Returns whether a text with right-to-left characters satisfies the Bidi Rule (RFC 5893 section 2).
fn keeps_its_direction(text: &str) -> bool {
    use BidiClass as Class;
    let classes: Vec<Class> = text.chars().map(|c| CodePointMapData::<BidiClass>::new().get(c)).collect();
    let has = |class: Class| classes.contains(&class);
    if ![Class::RightToLeft, Class::ArabicLetter, Class::ArabicNumber].into_iter().any(has) {
        return true;
    }
    let neutral = [
        Class::EuropeanNumber,
        Class::EuropeanSeparator,
        Class::CommonSeparator,
        Class::EuropeanTerminator,
        Class::OtherNeutral,
        Class::BoundaryNeutral,
        Class::NonspacingMark,
    ];
    let last = classes.iter().rev().find(|class| **class != Class::NonspacingMark);
    match classes.first() {
        Some(&(Class::RightToLeft | Class::ArabicLetter)) => {
            let own = [Class::RightToLeft, Class::ArabicLetter, Class::ArabicNumber];
            let ends = [own.as_slice(), &[Class::EuropeanNumber]].concat();
            classes.iter().all(|class| own.contains(class) || neutral.contains(class))
                && last.is_some_and(|last| ends.contains(last))
                && !(has(Class::EuropeanNumber) && has(Class::ArabicNumber))
        }
        // A left-to-right text must not contain right-to-left characters.
        _ => false,
    }
}

/// Returns the usual form of a full-width or half-width character (RFC 8264 section 5.2.1): the decomposition
/// of a character of the block "Halfwidth and Fullwidth Forms", or of the ideographic space.
fn of_usual_width(c: char) -> Vec<char> {
    let mut usual = Vec::new();
    match c {
        '\u{3000}' | '\u{ff01}'..='\u{ffee}' => decompose_compatible(c, |c| usual.push(c)),
        c => usual.push(c),
    }
    usual
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::{is_free_form, username_case_mapped};

    /// The results of an independent implementation: tests/vectors/precis.py.
    #[test]
    fn vectors() {
        let vectors: Vec<Value> = serde_json::from_str(include_str!("../tests/vectors/precis.json")).unwrap();
        assert!(vectors.len() > 1000);
        for vector in &vectors {
            let text = vector["text"].as_str().unwrap();
            let mapped = username_case_mapped(text);
            assert_eq!(mapped.as_deref(), vector["username"].as_str(), "{}", text.escape_unicode());
            assert_eq!(is_free_form(text), vector["free_form"] == true, "{}", text.escape_unicode());
        }
    }
}
