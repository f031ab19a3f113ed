/**
 * The adapter for Spring Boot: an engine by the properties {@code doorward.*}, authentication by
 * its tokens, logins by Spring Security, health and metrics.
 */
package io.doorward.spring;
