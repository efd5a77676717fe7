package com.google.refine.commands.recon;

import java.io.File;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

import edu.mit.simile.butterfly.ButterflyModule;

import com.google.refine.io.FileProjectManager;
import com.google.refine.model.Cell;
import com.google.refine.model.Column;
import com.google.refine.model.Project;
import com.google.refine.model.Recon;
import com.google.refine.model.ReconCandidate;
import com.google.refine.model.Row;
import com.google.refine.model.recon.ReconConfig;
import com.google.refine.model.recon.ReconJob;
import com.google.refine.model.recon.ReconciledDataExtensionJob;
import com.google.refine.model.recon.StandardReconConfig;
import com.google.refine.util.ParsingUtilities;

/**
 * Has OpenRefine's own classes guess types, reconcile a sheet and extend it, in the steps of its commands, and prints what
 * they read of the answers.
 *
 * Arguments: a file with the steps (JSON: columns, rows, and a list of configurations as OpenRefine's page sends them), the
 * address of the service, and an empty folder.
 */
public class Drive {

    public static void main(String[] arguments) throws Exception {
        JsonNode plan = ParsingUtilities.mapper.readTree(new File(arguments[0]));
        String service = arguments[1];
        FileProjectManager.initialize(new File(arguments[2]));
        ReconConfig.registerReconConfig(new ButterflyModule(), "standard-service", StandardReconConfig.class);
        Project project = project(plan);
        ArrayNode read = ParsingUtilities.mapper.createArrayNode();

        Column first = project.columnModel.columns.get(0);
        read.addPOJO(Map.of("guessed", new GuessTypesOfColumnCommand().guessTypes(project, first, service)));
        for (JsonNode step : plan.get("reconcile")) {
            StandardReconConfig config = StandardReconConfig.reconstruct(step.toString().replace("SERVICE", service));
            read.addPOJO(Map.of("cells", reconcile(project, first, config)));
        }
        String extension = plan.get("extend").toString();
        read.addPOJO(extend(project, first, ReconciledDataExtensionJob.DataExtensionConfig.reconstruct(extension), service));
        System.out.println(ParsingUtilities.mapper.writerWithDefaultPrettyPrinter().writeValueAsString(read));
    }

    private static Project project(JsonNode plan) throws Exception {
        Project project = new Project();
        for (JsonNode name : plan.get("columns")) {
            int at = project.columnModel.allocateNewCellIndex();
            project.columnModel.addColumn(at, new Column(at, name.asText()), false);
        }
        for (JsonNode values : plan.get("rows")) {
            Row row = new Row(values.size());
            for (int i = 0; i < values.size(); i++) {
                row.setCell(i, cell(values.get(i)));
            }
            project.rows.add(row);
        }
        project.update();
        return project;
    }

    /** A cell of a string, of a number, or (an object) one that was reconciled with some other service. */
    private static Cell cell(JsonNode value) {
        if (value.isNull()) {
            return null;
        }
        if (value.isNumber()) {
            return new Cell(value.asLong(), null);
        }
        if (value.isTextual()) {
            return new Cell(value.asText(), null);
        }
        Recon recon = new Recon(0, "http://example.org/", "http://example.org/");
        recon.match = new ReconCandidate(value.get("id").asText(), value.get("name").asText(), new String[0], 100);
        recon.judgment = Recon.Judgment.Matched;
        return new Cell(value.get("name").asText(), recon);
    }

    /** As ReconOperation does it: equal jobs once, in batches. */
    private static List<Object> reconcile(Project project, Column column, ReconConfig config) {
        Map<String, ReconJob> jobs = new LinkedHashMap<>();
        Map<String, List<Integer>> rows = new LinkedHashMap<>();
        for (int i = 0; i < project.rows.size(); i++) {
            Row row = project.rows.get(i);
            ReconJob job = config.createJob(project, i, row, column.getName(), row.getCell(column.getCellIndex()));
            jobs.putIfAbsent(job.getStringKey(), job);
            rows.computeIfAbsent(job.getStringKey(), key -> new ArrayList<>()).add(i);
        }
        List<String> keys = new ArrayList<>(jobs.keySet());
        int size = config.getBatchSize(project.rows.size());
        for (int from = 0; from < keys.size(); from += size) {
            List<String> some = keys.subList(from, Math.min(from + size, keys.size()));
            List<ReconJob> batch = new ArrayList<>();
            some.forEach(key -> batch.add(jobs.get(key)));
            List<Recon> recons = config.batchRecon(batch, 0);
            for (int i = 0; i < some.size(); i++) {
                for (int row : rows.get(some.get(i))) {
                    Cell before = project.rows.get(row).getCell(column.getCellIndex());
                    project.rows.get(row).setCell(column.getCellIndex(), new Cell(before.value, recons.get(i)));
                }
            }
        }
        List<Object> read = new ArrayList<>();
        for (Row row : project.rows) {
            Recon recon = row.getCell(column.getCellIndex()).recon;
            Map<String, Object> shown = new LinkedHashMap<>();
            shown.put("judgment", recon.judgment.toString());
            shown.put("error", recon.error);
            shown.put("match", recon.match == null ? null : recon.match.id);
            shown.put("candidates", recon.candidates == null ? List.of() : recon.candidates);
            read.add(shown);
        }
        return read;
    }

    /** As ExtendDataOperation does it: the ids of matched cells, ten at a time. */
    private static Map<String, Object> extend(
            Project project, Column column, ReconciledDataExtensionJob.DataExtensionConfig config, String service) throws Exception {
        Set<String> ids = new LinkedHashSet<>();
        for (Row row : project.rows) {
            ReconCandidate match = row.getCell(column.getCellIndex()).recon.match;
            if (match != null) {
                ids.add(match.id);
            }
        }
        ReconciledDataExtensionJob job = new ReconciledDataExtensionJob(config, service);
        Map<String, ReconCandidate> known = new LinkedHashMap<>();
        Map<String, Object> rows = new LinkedHashMap<>();
        List<String> all = new ArrayList<>(ids);
        for (int from = 0; from < all.size(); from += 10) {
            Set<String> some = new LinkedHashSet<>(all.subList(from, Math.min(from + 10, all.size())));
            job.extend(some, known).forEach((id, found) -> rows.put(id, found.data));
        }
        List<Object> columns = new ArrayList<>();
        job.columns.forEach(c -> {
            Map<String, Object> shown = new LinkedHashMap<>();
            shown.put("id", c.id);
            shown.put("name", c.name);
            shown.put("type", c.expectedType);
            columns.add(shown);
        });
        return Map.of("columns", columns, "rows", rows);
    }
}
