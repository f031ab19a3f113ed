//! bcrypt (Provos and Mazières, "A Future-Adaptable Password Scheme"), over the `blowfish` crate.

use blowfish::Blowfish;
use zeroize::Zeroizing;

pub(super) const SALT_LEN: usize = 16;
pub(super) const OUTPUT_LEN: usize = 23;

/// How many bytes of a password bcrypt reads, including the final NUL.
pub(super) const MOST_READ: usize = 72;

/// Returns the key that a password is: with a NUL at its end, and not more than its first 72 bytes.
pub(super) fn key(password: &[u8]) -> Zeroizing<Vec<u8>> {
    let end = password.len().min(MOST_READ);
    let mut key = Zeroizing::new(Vec::with_capacity(end + 1));
    key.extend_from_slice(&password[..end]);
    if end < MOST_READ {
        key.push(0);
    }
    key
}

/// Returns the hash of a key that is not empty.
pub(super) fn bcrypt(key: &[u8], cost: u32, salt: &[u8; SALT_LEN]) -> [u8; OUTPUT_LEN] {
    let mut state = Blowfish::bc_init_state();
    state.salted_expand_key(salt, key);
    for _ in 0..1_u64 << cost {
        state.bc_expand_key(key);
        state.bc_expand_key(salt);
    }
    let mut output = [0; OUTPUT_LEN];
    for (text, output) in b"OrpheanBeholderScryDoubt".chunks_exact(8).zip(output.chunks_mut(8)) {
        let text = u64::from_be_bytes(std::array::from_fn(|index| text[index]));
        let block = (0..64).fold([(text >> 32) as u32, text as u32], |block, _| state.bc_encrypt(block));
        let bytes = (u64::from(block[0]) << 32 | u64::from(block[1])).to_be_bytes();
        output.copy_from_slice(&bytes[..output.len()]);
    }
    output
}

/// Decodes a text in bcrypt's own base64. Returns the bytes, and the bits left over at the end.
pub(super) fn decode<const N: usize>(text: &str) -> Option<([u8; N], u32)> {
    let mut bytes = [0; N];
    let mut len = 0;
    let mut bits = 0;
    let mut pending = 0_u32;
    for byte in text.bytes() {
        let value = match byte {
            b'.' => 0,
            b'/' => 1,
            b'A'..=b'Z' => byte - b'A' + 2,
            b'a'..=b'z' => byte - b'a' + 28,
            b'0'..=b'9' => byte - b'0' + 54,
            _ => return None,
        };
        (pending, bits) = (pending << 6 | u32::from(value), bits + 6);
        if bits >= 8 {
            bits -= 8;
            *bytes.get_mut(len)? = (pending >> bits) as u8;
            (len, pending) = (len + 1, pending & ((1 << bits) - 1));
        }
    }
    (len == N && bits < 6).then_some((bytes, pending))
}
