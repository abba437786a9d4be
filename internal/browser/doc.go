// Package browser drives a headless Chromium in tests: keys, sizes, colour schemes and
// pictures of pages, over the pipe of the DevTools protocol
// (chromedevtools.github.io/devtools-protocol). A test without Chromium skips.
package browser
