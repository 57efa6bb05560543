//! What end-to-end tests are made of: the simulation of histories. The tests themselves live in tests/.

pub mod simulation;
