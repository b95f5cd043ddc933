//! Real servers, browser clients and rooms for the demo and the tests.
