package com.fasterxml.jackson.datatype.jdk8;

import java.io.IOException;
import java.util.Optional;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.module.SimpleModule;

/** Stands in for Jackson's module of this name, which Debian and Spark lack: reads the one optional number of a configuration. */
public class Jdk8Module extends SimpleModule {

    public Jdk8Module() {
        addDeserializer(Optional.class, new StdDeserializer<Optional>(Optional.class) {

            @Override
            public Optional<?> deserialize(JsonParser parser, DeserializationContext context) throws IOException {
                return Optional.of(parser.getIntValue());
            }

            @Override
            public Optional<?> getNullValue(DeserializationContext context) {
                return Optional.empty();
            }

            @Override
            public Optional<?> getAbsentValue(DeserializationContext context) {
                return Optional.empty();
            }
        });
    }
}
