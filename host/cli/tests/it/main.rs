//! Runs the real binary on folders of its own: what it prints, what it stores, how it ends.
#![expect(
    unreachable_pub,
    reason = "nothing of a test program can be reached; `pub` marks what a module offers to the others"
)]

#[cfg(test)]
mod author;
#[cfg(test)]
mod bench;
#[cfg(test)]
mod compiler;
#[cfg(test)]
mod decide;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod import;
#[cfg(test)]
mod policy;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod report;
#[cfg(test)]
mod serve;
#[cfg(test)]
mod sheet;
#[cfg(test)]
mod usage;
