//! The decision service: from encounters to durable decisions, in four stages: `asked`, `work`, `decided`, `recorded`. HTTP, the
//! worker and the command line all decide through it.

mod aside;
pub mod asked;
pub mod bulk;
pub mod commit;
pub mod decided;
pub mod decision_record;
pub mod dispatch;
mod follow;
pub mod gone;
mod group;
pub mod pool;
mod read;
pub mod recorded;
pub mod records;
pub mod replay;
pub mod run;
pub mod service;
pub mod why_not;
pub mod work;
