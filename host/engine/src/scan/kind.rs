//! Tells by its first bytes what a file is that is not WebAssembly. Reads no further.

/// What `bytes` are, where they are not WebAssembly.
pub(crate) fn other_kind(bytes: &[u8]) -> Option<String> {
    if wasmtime::Engine::detect_precompiled(bytes).is_some() {
        return Some("machine code compiled for a wasmtime".to_owned());
    }
    let known = match bytes {
        [] => "an empty file",
        [0, b'a', b's', b'm', _, _, _, _, ..] => return None,
        [0, b'a', b's', b'm', ..] => "the first bytes of a WebAssembly file",
        [0x7f, b'E', b'L', b'F', ..] => "a native program (ELF)",
        [b'P', b'K', 3, 4, ..] => "a zip archive",
        [0x1f, 0x8b, ..] => "a gzip archive",
        _ if is_text(bytes) => "a text",
        _ => return Some(format!("{} bytes of something else", bytes.len())),
    };
    Some(known.to_owned())
}

fn is_text(bytes: &[u8]) -> bool {
    let head = bytes.get(..bytes.len().min(512)).unwrap_or_default();
    head.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace())
}
