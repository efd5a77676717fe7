package edu.mit.simile.butterfly;

/** Stands in for a part of OpenRefine's web application: its classes are registered by the name of one. */
public class ButterflyModule {

    public String getName() {
        return "core";
    }

    public void sendTextFromTemplate(
            Object request, Object response, Object values, String template, String encoding, String type, boolean more) {
        throw new UnsupportedOperationException(template);
    }
}
