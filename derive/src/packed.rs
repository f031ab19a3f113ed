//! Packs a text: parts that are in it already become references to them (LZ77).

use std::collections::HashMap;

/// Shorter parts are not worth a reference.
const SHORTEST: usize = 5;

/// The number of places at which a part is looked for.
const PLACES: usize = 64;

/// Returns pairs: bytes, after their number, and a part to repeat, as its length and its distance.
pub(crate) fn packed(text: &[u8]) -> Vec<u8> {
    let mut places: HashMap<&[u8], Vec<usize>> = HashMap::new();
    let mut packed = Vec::new();
    let (mut written, mut at) = (0, 0);
    while at < text.len() {
        let known = text.get(at..at + 4).and_then(|beginning| places.get(beginning));
        let found = known.into_iter().flat_map(|places| places.iter().rev().take(PLACES));
        let longest = found.map(|place| (length_of_same(&text[*place..], &text[at..]), at - place));
        let part = longest.max_by_key(|(length, _)| *length).filter(|(length, _)| *length >= SHORTEST);
        let next = at + part.map_or(1, |(length, _)| length);
        if let Some((length, distance)) = part {
            write(&mut packed, &text[written..at], length, distance);
            written = next;
        }
        for at in at..next {
            if let Some(beginning) = text.get(at..at + 4) {
                places.entry(beginning).or_default().push(at);
            }
        }
        at = next;
    }
    write(&mut packed, &text[written..], 0, 0);
    packed
}

fn length_of_same(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(one, other)| one == other).count()
}

fn write(packed: &mut Vec<u8>, bytes: &[u8], length: usize, distance: usize) {
    number(packed, bytes.len());
    packed.extend(bytes);
    number(packed, length);
    number(packed, distance);
}

/// Seven bits in each byte, the lowest first; the highest bit says that another byte follows.
fn number(packed: &mut Vec<u8>, mut number: usize) {
    while number > 127 {
        packed.push(number as u8 | 128);
        number >>= 7;
    }
    packed.push(number as u8);
}
