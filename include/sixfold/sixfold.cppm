// SPDX-License-Identifier: BSL-1.0

// The module: `import sixfold;` in the place of the includes, for whoever has a compiler that can (clang 19 was tried). It exports
// what users name: sixfold.hpp, memory_mailbox.hpp, and those parts of ext/ that need no library. Headers and module may be mixed
// in a program, as each name is the same in both. Macros do not come with a module: the version is in version.hpp.
module;

#include <sixfold/ext/file_age.hpp>
#include <sixfold/ext/file_journal.hpp>
#include <sixfold/ext/new_life.hpp>
#include <sixfold/ext/wall_clock.hpp>
#include <sixfold/memory_mailbox.hpp>
#include <sixfold/sixfold.hpp>

export module sixfold;

export namespace sixfold {

// types.hpp
using sixfold::v0::as_bytes;
using sixfold::v0::as_text;
using sixfold::v0::bytes;
using sixfold::v0::checksum;
using sixfold::v0::epoch;
using sixfold::v0::link_id;
using sixfold::v0::msgid;
using sixfold::v0::peer;
using sixfold::v0::seq;
using sixfold::v0::seq_end;
using sixfold::v0::ticket;
using sixfold::v0::transport;

// time.hpp
using sixfold::v0::clock_ref;
using sixfold::v0::duration;
using sixfold::v0::later;
using sixfold::v0::manual_clock;
using sixfold::v0::never;
using sixfold::v0::stopped_clock;
using sixfold::v0::time_point;

// error.hpp
using sixfold::v0::ends_stream;
using sixfold::v0::errc;
using sixfold::v0::error;
using sixfold::v0::refusal;
using sixfold::v0::refusal_counts;
using sixfold::v0::refusal_kinds;
using sixfold::v0::result;

// options.hpp
using sixfold::v0::acceptance;
using sixfold::v0::delivery;
using sixfold::v0::epoch_random_bits;
using sixfold::v0::incarnation;
using sixfold::v0::payload_limit;
using sixfold::v0::receiver_options;
using sixfold::v0::retry_options;
using sixfold::v0::send_options;
using sixfold::v0::sender_options;
using sixfold::v0::start_max;
using sixfold::v0::validate;
using sixfold::v0::window_max;

// message.hpp
using sixfold::v0::message;

// event.hpp
using sixfold::v0::event;

// client.hpp
using sixfold::v0::client;
using sixfold::v0::client_options;
using sixfold::v0::journal_mark;
using sixfold::v0::snapshot_place;

// sender.hpp
using sixfold::v0::sender;

// receiver.hpp
using sixfold::v0::receiver;

// relay.hpp
using sixfold::v0::allow_all;
using sixfold::v0::relay;
using sixfold::v0::relay_options;

// memory_mailbox.hpp
using sixfold::v0::memory_mailbox;

// stream_reader.hpp
using sixfold::v0::stream_reader;

// words.hpp
using sixfold::v0::to_string;

// sending/message_state.hpp
using sixfold::v0::conclude;
using sixfold::v0::is_final;
using sixfold::v0::is_tombstone;
using sixfold::v0::is_unfinished;
using sixfold::v0::known;
using sixfold::v0::message_state;
using sixfold::v0::status;

// relaying/reactions.hpp
using sixfold::v0::outgoing;
using sixfold::v0::reactions;

// journal/creation.hpp
using sixfold::v0::creation;

// journal/journal.hpp
using sixfold::v0::check_journal;
using sixfold::v0::journal_reader;
using sixfold::v0::journal_version;
using sixfold::v0::journaling;
using sixfold::v0::record;
using sixfold::v0::record_kind;
using sixfold::v0::record_overhead_max;

// journal/journal_log.hpp
using sixfold::v0::log_header;
using sixfold::v0::log_header_size;
using sixfold::v0::log_mark;
using sixfold::v0::log_mark_size;
using sixfold::v0::log_version;
using sixfold::v0::read_log;

// mailbox/last_states.hpp
using sixfold::v0::last_states;

// mailbox/mailbox.hpp
using sixfold::v0::mailbox_outcome;
using sixfold::v0::mailbox_request;
using sixfold::v0::mailbox_row;

// mailbox/mailbox_group.hpp
using sixfold::v0::mailbox_exchange;
using sixfold::v0::mailbox_group;

// mailbox/mailbox_limits.hpp
using sixfold::v0::mailbox_limits;

// mailbox/mailbox_retention.hpp
using sixfold::v0::mailbox_retention;

// mailbox/memory_rows.hpp
using sixfold::v0::memory_rows;

// wire/ack_state.hpp
using sixfold::v0::ack_bits_size_max;
using sixfold::v0::ack_reach;
using sixfold::v0::ack_state;
using sixfold::v0::ack_state_size_max;
using sixfold::v0::receiver_limits;

// wire/bytes.hpp
using sixfold::v0::byte_counter;
using sixfold::v0::byte_reader;
using sixfold::v0::byte_writer;
using sixfold::v0::varint_size;

// wire/codec.hpp
using sixfold::v0::decode;
using sixfold::v0::decode_packet;
using sixfold::v0::encode;
using sixfold::v0::frame_overhead_max;
using sixfold::v0::frame_size_max;
using sixfold::v0::framing;
using sixfold::v0::is_valid;

// wire/crc32c.hpp
using sixfold::v0::crc32c;

// wire/exception_list.hpp
using sixfold::v0::exception;
using sixfold::v0::exception_list;
using sixfold::v0::fate;

// wire/frame.hpp
using sixfold::v0::ack_answer;
using sixfold::v0::ack_notify;
using sixfold::v0::ack_request;
using sixfold::v0::ack_serial;
using sixfold::v0::ack_word;
using sixfold::v0::client_frame;
using sixfold::v0::echo;
using sixfold::v0::frame;
using sixfold::v0::mailbox_key;
using sixfold::v0::msg_answer;
using sixfold::v0::msg_notify;
using sixfold::v0::msg_request;
using sixfold::v0::msg_word;
using sixfold::v0::refused_reason;
using sixfold::v0::relay_frame;
using sixfold::v0::sending_number;
using sixfold::v0::storing;
using sixfold::v0::sync_answer;
using sixfold::v0::sync_request;

// wire/packet.hpp
using sixfold::v0::check_first_byte;
using sixfold::v0::frame_extent;
using sixfold::v0::frame_header_size_max;
using sixfold::v0::frame_length_max;
using sixfold::v0::measure_frame;
using sixfold::v0::packet_reader;
using sixfold::v0::wire_version;

// wire/run.hpp
using sixfold::v0::run;
using sixfold::v0::run_entry;
using sixfold::v0::run_writer;

// ext/file_age.hpp
using sixfold::v0::file_age;

// ext/file_error.hpp
using sixfold::v0::file_error;
using sixfold::v0::file_fault;

// ext/file_journal.hpp
using sixfold::v0::basic_file_journal;
using sixfold::v0::file_journal;

// ext/new_life.hpp
using sixfold::v0::new_life;

// ext/wall_clock.hpp
using sixfold::v0::wall_clock;
using sixfold::v0::wall_time;

}  // namespace sixfold
