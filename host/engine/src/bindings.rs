//! Rust types and the call made from the contract's text, `sdk/wit/policy.wit`. Generated; columns go in borrowed.

wasmtime::component::bindgen!({
    path: "../../sdk/wit",
    world: "policy-world",
    ownership: Borrowing { duplicate_if_necessary: true },
});
