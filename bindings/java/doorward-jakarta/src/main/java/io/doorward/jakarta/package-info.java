/**
 * The adapter for Jakarta Servlet: a filter, and what servlets need to answer in the engine's
 * words.
 */
package io.doorward.jakarta;
