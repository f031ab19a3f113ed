package io.doorward.spring;

import io.doorward.DoorwardException;
import io.doorward.Json;
import io.doorward.Shape;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.module.SimpleModule;
import tools.jackson.databind.ser.std.StdSerializer;

/**
 * Lets Jackson write the engine's types by the names that they have in every language, without what
 * is for the host alone.
 */
public final class DoorwardJacksonModule extends SimpleModule {
  /** Makes a module. */
  public DoorwardJacksonModule() {
    super("doorward");
    addSerializer(
        new StdSerializer<Shape>(Shape.class) {
          @Override
          public void serialize(
              Shape value, JsonGenerator generator, SerializationContext context) {
            context.writeValue(generator, value.toMap());
          }
        });
    addSerializer(
        new StdSerializer<DoorwardException>(DoorwardException.class) {
          @Override
          public void serialize(
              DoorwardException value, JsonGenerator generator, SerializationContext context) {
            context.writeValue(generator, Json.object(value.toJson()));
          }
        });
  }
}
