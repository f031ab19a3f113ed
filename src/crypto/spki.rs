//! Public keys as most libraries keep them (SubjectPublicKeyInfo, RFC 5280 section 4.1.2.7), as COSE_Keys (RFC 9052
//! section 7). Neither form is checked here.

/// P-256 with its uncompressed point (RFC 5480), up to the point.
const P256: &[u8] =
    b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00\x04";

/// Ed25519 (RFC 8410), up to the point.
const ED25519: &[u8] = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00";

/// The algorithm of an RSA key (RFC 3279 section 2.3.1).
const RSA: &[u8] = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";

/// The tags of DER.
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const SEQUENCE: u8 = 0x30;

/// Returns whether bytes begin as a key of this form does; no COSE_Key does.
pub(crate) fn is_spki(bytes: &[u8]) -> bool {
    bytes.first() == Some(&SEQUENCE)
}

/// Returns the COSE_Key of a key for ES256, EdDSA or RS256.
pub(crate) fn cose_key(spki: &[u8]) -> Option<Vec<u8>> {
    if let Some((x, y)) = spki.strip_prefix(P256).and_then(|point| point.split_at_checked(32)) {
        return Some([&[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21][..], &bytes(x)?, &[0x22], &bytes(y)?].concat());
    }
    if let Some(x) = spki.strip_prefix(ED25519) {
        return Some([&[0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21][..], &bytes(x)?].concat());
    }
    let key = item(&mut &*spki, SEQUENCE)?.strip_prefix(RSA)?;
    let key = item(&mut &*key, BIT_STRING)?.strip_prefix(&[0])?;
    let numbers = &mut item(&mut &*key, SEQUENCE)?;
    let (n, e) = (item(numbers, INTEGER)?, item(numbers, INTEGER)?);
    let [n, e] = [n, e].map(|number| number.strip_prefix(&[0]).unwrap_or(number));
    Some([&[0xa4, 1, 3, 3, 0x39, 1, 0, 0x20][..], &bytes(n)?, &[0x21], &bytes(e)?].concat())
}

/// Reads the content of the next item of DER (X.690 section 8.1).
fn item<'a>(der: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    let (found, rest) = der.split_first()?;
    let (length, rest) = match rest.split_first()? {
        (length @ ..=0x7f, rest) => (usize::from(*length), rest),
        (0x81, rest) => rest.split_first().map(|(length, rest)| (usize::from(*length), rest))?,
        (0x82, rest) => {
            rest.split_first_chunk().map(|(length, rest)| (usize::from(u16::from_be_bytes(*length)), rest))?
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    *der = rest;
    (*found == tag).then_some(content)
}

/// Writes a byte string of CBOR (RFC 8949 section 3.1).
fn bytes(content: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(content.len()).ok()?;
    let [high, low] = length.to_be_bytes();
    let head: &[u8] = match length {
        ..24 => &[0x40 + low],
        24..256 => &[0x58, low],
        _ => &[0x59, high, low],
    };
    Some([head, content].concat())
}
