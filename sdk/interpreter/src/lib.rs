//! The guest of policies that are tables only. Holds no rules: the build puts the tables of one policy into it.

adjudica_sdk::export_policy!();
