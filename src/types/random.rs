//! Random bytes.

/// The operating system's generator failed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoRandomness;

/// Returns bytes of the operating system's generator.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}
