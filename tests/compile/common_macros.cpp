// SPDX-License-Identifier: BSL-1.0

// A macro knows no namespace. Those of the headers that people include before ours are defined here for every header of
// ours, and only for those: the standard library may break. What a macro stands for is no C++, so that no use goes unseen;
// whether it takes arguments is as in the original.
#include "headers_of_others.hpp"

// The C library, and the compiler in its own dialect.
#define major(...) @
#define minor(...) @
#define makedev(...) @
#define howmany(...) @
#define roundup(...) @
#define powerof2(...) @
#define isset(...) @
#define isclr(...) @
#define setbit(...) @
#define clrbit(...) @
#undef unix
#undef linux
#undef i386
#define unix @
#define linux @
#define i386 @
#define sun @
#define mips @
#define sparc @

// The heap of the C library of Windows, when it is debugged.
#define malloc(size) @
#define calloc(count, size) @
#define realloc(at, size) @
#define free(at) @
#define strdup(text) @

// <windows.h>, and what it includes.
#define min(a, b) @
#define max(a, b) @
#define near @
#define far @
#define small @
#define hyper @
#define interface @
#define pascal @
#define cdecl @
#define environ @
#define IN @
#define OUT @
#define OPTIONAL @
#define CONST @
#define VOID @
#define ERROR @
#define NO_ERROR @
#define DELETE @
#define ABSOLUTE @
#define RELATIVE @
#define DIFFERENCE @
#define STRICT @
#define GetMessage @
#define SendMessage @
#define GetObject @
#define Yield() @

// macOS: <AssertMacros.h>.
#define check(assertion) @
#define check_noerr(code) @
#define check_string(assertion, message) @
#define verify(assertion) @
#define verify_noerr(code) @
#define require(assertion, label) @
#define require_string(assertion, label, message) @
#define require_noerr(code, label) @
#define require_action(assertion, label, action) @
#define require_quiet(assertion, label) @

// Objective-C, and the foundation of Apple.
#define YES @
#define NO @
#define nil @
#define IBOutlet @
#define IBAction @

// Qt, without QT_NO_KEYWORDS.
#define slots @
#define signals @
#define emit @
#define foreach(variable, container) @
#define forever @
#define SIGNAL(a) @
#define SLOT(a) @

// <X11/Xlib.h>.
#define None @
#define Bool @
#define Status @
#define True @
#define False @
#define Always @
#define Success @
#define Above @
#define Below @
#define Complex @
#define Convex @
#define Unsorted @
#define KeyPress @
#define FocusIn @
#define CurrentTime @

// <ncurses.h>: those that are neither taken back for C++ nor have a prefix.
#define timeout(delay) @
#define border(...) @
#define instr(text) @
#define scroll(window) @
#define standout() @
#define standend() @
#define echochar(c) @
#define delch() @
#define inch() @
#define getch() @
#define getstr(text) @
#define hline(c, n) @
#define vline(c, n) @
#define attrset(attributes) @
#define touchline(window, start, count) @

// Unreal Engine.
#define checkf(...) @
#define checkSlow(expression) @
#define ensure(expression) @
#define ensureMsgf(...) @
#define unimplemented() @
#define TEXT(text) @
#define PI @
#define LIKELY(expression) @
#define UNLIKELY(expression) @

// Arduino.
#define abs(x) @
#define round(x) @
#define sq(x) @
#define constrain(x, low, high) @
#define radians(degrees) @
#define degrees(radians) @
#define bit(n) @
#define bitRead(value, n) @
#define bitSet(value, n) @
#define bitClear(value, n) @
#define bitToggle(value, n) @
#define bitWrite(value, n, to) @
#define word(...) @
#define lowByte(word) @
#define highByte(word) @
#define interrupts() @
#define noInterrupts() @
#define F(text) @
#define B0 @
#define B1 @
#define B00000000 @
#define B11111111 @
#define LOW @
#define HIGH @
#define INPUT @
#define OUTPUT @
#define CHANGE @
#define FALLING @
#define RISING @
#define DEFAULT @
#define INTERNAL @
#define EXTERNAL @
#define SERIAL @
#define DISPLAY @

// Microcontrollers: AVR's C library, CMSIS, newlib's <ctype.h>.
#define cli() @
#define sei() @
#define reti() @
#define BIT(n) @
#define SP @
#define SE @
#define PORT @
#define _U @
#define _L @
#define _N @
#define _S @
#define _P @
#define _C @
#define _X @
#define _B @

// Others: foreach of Boost and of the kernel's lists, GLib, Perl, R, Ruby, Check.
#define MIN(a, b) @
#define MAX(a, b) @
#define ABS(a) @
#define CLAMP(x, low, high) @
#define TRUE @
#define FALSE @
#define list_for_each(at, head) @
#define container_of(at, type, member) @
#define likely(x) @
#define unlikely(x) @
#define warning @
#define fail(...) @
#define fail_unless(...) @

#include "headers.hpp"

// A standard header that took one back, or one that headers_of_others.hpp does not have: then nothing was tested behind it.
#if !defined(min) || !defined(max) || !defined(free) || !defined(check) || !defined(timeout) ||    \
    !defined(abs)
#error "a header includes one that headers_of_others.hpp does not have"
#endif

int main() {}
