/**
 * An authentication engine: users, passwords, sessions and tokens, the same for every language.
 *
 * <p>A program opens one {@link io.doorward.Doorward} and calls its operations. Each takes a
 * request, which {@code of} makes of what must be given and {@code withX} completes, and returns a
 * response. What is absent is null, except lists and maps of responses, which are then empty. A
 * refusal is a {@link io.doorward.DoorwardException}; the next step of a login is a value, {@link
 * io.doorward.StepUp}.
 *
 * <p>Types gain members with the versions. Make requests with {@code of} and {@code withX}, never
 * with the constructor.
 */
package io.doorward;
