//! Proves at start-up that a looping program is stopped, by its deadline and by its fuel. A host whose ticker is dead
//! would look healthy until the first loop.

use wasm_encoder::{
    BlockType, CodeSection, Component, Function, FunctionSection, InstanceSection, Instruction, Module, ModuleArg,
    ModuleSection, StartSection, TypeSection,
};
use wasmtime::Trap;

use crate::deadline::TICK_MS;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::fault::Allowed;
use crate::limiter::Limiter;
use crate::policy::new_store;

/// Fuel that a loop needs seconds to use up: if it ends the loop, the deadline did not.
const FUEL_OF_SECONDS: u64 = 10_000_000_000;
/// Fuel that a loop uses up long before a tick.
const FUEL_OF_MICROSECONDS: u64 = 10_000;
/// A deadline that only fuel can come before.
const FAR_DEADLINE_MS: u64 = 60_000;

/// Runs the looping program twice.
pub(crate) fn prove_limits(engine: &Engine) -> Result<(), EngineError> {
    let component =
        engine.component(&looping_component()).map_err(|source| EngineError::SelfTestNotCompiled { source })?;
    let pre = engine.empty_linker::<Limiter>().instantiate_pre(&component);
    let pre = pre.map_err(|error| EngineError::DeadlineNotKept { stopped_by: error.to_string() })?;
    let cases = [(FUEL_OF_SECONDS, TICK_MS, Trap::Interrupt), (FUEL_OF_MICROSECONDS, FAR_DEADLINE_MS, Trap::OutOfFuel)];
    for (fuel, deadline_ms, expected) in cases {
        let ended = new_store(engine, Allowed { fuel, deadline_ms, answer_bytes: 0 })
            .and_then(|mut store| pre.instantiate(&mut store).map(|_| ()));
        match ended.as_ref().map_err(|error| error.downcast_ref::<Trap>()) {
            Err(Some(trap)) if *trap == expected => {}
            Ok(()) => return Err(EngineError::DeadlineNotKept { stopped_by: "nothing".to_owned() }),
            Err(_) => {
                let stopped_by = ended.err().map(|error| error.root_cause().to_string()).unwrap_or_default();
                return Err(EngineError::DeadlineNotKept { stopped_by });
            }
        }
    }
    Ok(())
}

/// A component whose start function loops for ever.
fn looping_component() -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    let mut functions = FunctionSection::new();
    functions.function(0);
    let mut body = Function::new([]);
    for instruction in [Instruction::Loop(BlockType::Empty), Instruction::Br(0), Instruction::End, Instruction::End] {
        body.instruction(&instruction);
    }
    let mut code = CodeSection::new();
    code.function(&body);
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&StartSection { function_index: 0 }).section(&code);
    let mut instances = InstanceSection::new();
    instances.instantiate(0, std::iter::empty::<(&str, ModuleArg)>());
    let mut component = Component::new();
    component.section(&ModuleSection(&module)).section(&instances);
    component.finish()
}
